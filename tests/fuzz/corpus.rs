//! Texts that inputs are made from, and the words that they are built of.

use std::path::{Path, PathBuf};

use crate::edits::words;
use crate::root;

pub struct Corpus {
    texts: Vec<Vec<u8>>,
    /// Each word once: keys, values, numbers and punctuation of all texts.
    words: Vec<Vec<u8>>,
}

impl Corpus {
    /// The committed texts for one target. Of a file that ends in `.lines` each line is one.
    pub fn of(target: &str) -> Self {
        let mut corpus = Self { texts: Vec::new(), words: Vec::new() };
        for path in files(&root().join("tests/fuzz/corpus").join(target)) {
            let text = std::fs::read(&path).expect("reading a text of the corpus");
            match path.extension().is_some_and(|extension| extension == "lines") {
                true => text.split(|byte| *byte == b'\n').for_each(|line| corpus.add(line.to_vec())),
                false => corpus.add(text),
            }
        }
        corpus
    }

    /// Adds all files of a folder with this extension.
    pub fn add_all(&mut self, folder: &str, extension: &str) {
        for path in files(&root().join(folder)) {
            if path.extension().is_some_and(|found| found == extension) {
                self.add(std::fs::read(&path).expect("reading a file of the repository"));
            }
        }
    }

    /// Adds the code blocks in this language of all documents of a folder.
    pub fn add_blocks(&mut self, folder: &str, language: &str) {
        for path in files(&root().join(folder)) {
            let text = std::fs::read(&path).expect("reading a document");
            let text = String::from_utf8_lossy(&text);
            for block in text.split(&format!("```{language}\n")).skip(1) {
                self.add(block.split("```").next().unwrap_or_default().as_bytes().to_vec());
            }
        }
    }

    fn add(&mut self, text: Vec<u8>) {
        self.words.extend(words(&text).into_iter().map(|word| text[word].to_vec()));
        self.words.sort_unstable();
        self.words.dedup();
        self.texts.push(text);
    }

    pub fn texts(&self) -> impl Iterator<Item = &[u8]> {
        self.texts.iter().map(Vec::as_slice)
    }

    pub fn text(&self, number: usize) -> &[u8] {
        &self.texts[number % self.texts.len()]
    }

    pub fn word(&self, number: usize) -> &[u8] {
        &self.words[number % self.words.len()]
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let mut files: Vec<PathBuf> = paths.filter(|path| path.is_file()).collect();
    files.sort();
    files
}
