//! An authority of our own: makes the certificates of servers that are started, and of who connects to them.

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, Error, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose, date_time_ymd,
};

/// Certificates are valid since this year, and until that.
type Years = (i32, i32);

/// Long enough for any run, whatever the clocks say.
const VALID: Years = (2000, 2100);

/// Signs certificates.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate and its key, in PEM form.
pub struct Issued {
    pub certificate: String,
    pub key: String,
}

impl Authority {
    pub fn new() -> Result<Self, Error> {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "Weighbridge, for one run");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        Ok(Self(CertifiedIssuer::self_signed(params, KeyPair::generate()?)?))
    }

    /// Its own certificate, for those who are to trust it.
    pub fn certificate(&self) -> String {
        self.0.as_ref().pem()
    }

    /// For a server that is reached by any of these names or addresses.
    pub fn server(&self, names: &[&str]) -> Result<Issued, Error> {
        self.server_valid(names, VALID)
    }

    /// The same, valid in these years.
    pub fn server_valid(&self, names: &[&str], years: Years) -> Result<Issued, Error> {
        self.issue("server", names, ExtendedKeyUsagePurpose::ServerAuth, years)
    }

    /// For who connects.
    pub fn client(&self) -> Result<Issued, Error> {
        self.issue("client", &[], ExtendedKeyUsagePurpose::ClientAuth, VALID)
    }

    fn issue(
        &self,
        name: &str,
        names: &[&str],
        usage: ExtendedKeyUsagePurpose,
        (since, until): Years,
    ) -> Result<Issued, Error> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names)?;
        params.distinguished_name.push(DnType::CommonName, name);
        params.extended_key_usages = vec![usage];
        (params.not_before, params.not_after) = (date_time_ymd(since, 1, 1), date_time_ymd(until, 1, 1));
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &self.0)?;
        Ok(Issued { certificate: certificate.pem(), key: key.serialize_pem() })
    }
}
