//! The account against a transport that does known wrongs: each gives exactly its class and count.
