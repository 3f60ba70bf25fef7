//! Remedies for failures of the network and of TLS, for log lines and errors.
//!
//! The libraries below wrap their errors in several ways, so a failure is recognized by its text. Tests against real
//! servers pin these texts.

use std::env;
use std::error::Error as StdError;
use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use crate::trace::outside;

/// Returns the remedy for a failed connection or TLS handshake by the text of its errors.
pub(crate) fn for_network(text: &str) -> Option<&'static str> {
    const REMEDIES: &[(&[&str], &str)] = &[
        (
            &["UnknownIssuer", "unknown issuer"],
            "the certificate is not trusted: add its CA to the file in SSL_CERT_FILE or to the system's certificates",
        ),
        (
            &["certificate expired", "Expired"],
            "the certificate has expired: renew it, or set this machine's clock",
        ),
        (
            &["not valid yet", "NotValidYet"],
            "the certificate is not valid yet: set this machine's clock",
        ),
        (
            &["NotValidForName", "not valid for name"],
            "the certificate is for another host name: check the address",
        ),
        (
            &["invalid peer certificate", "InvalidCertificate"],
            "the certificate is not trusted: check the server's certificate",
        ),
        (
            &["InvalidContentType", "InvalidMessage"],
            "the server does not speak TLS at this port: check scheme and port of the address",
        ),
        (
            &[
                "failed to read PEM",
                "opening directory",
                "failed to open file",
                "reading directory entries",
            ],
            "CA certificates cannot be read: check SSL_CERT_FILE and SSL_CERT_DIR",
        ),
        (
            &[
                "dns error",
                "failed to lookup address",
                "Name or service not known",
                "name resolution",
            ],
            "the host name cannot be resolved: check the address and the DNS settings",
        ),
        (
            &["onnection refused"],
            "no server listens at this address: check host and port, and start the server",
        ),
        (
            &["timed out", "deadline has elapsed"],
            "no response in time: check the address and firewalls",
        ),
        (
            &["unreachable"],
            "there is no route to this address: check the network",
        ),
    ];
    let is_about = |signs: &[&str]| signs.iter().any(|sign| text.contains(sign));
    REMEDIES
        .iter()
        .find(|(signs, _)| is_about(signs))
        .map(|(_, remedy)| *remedy)
}

/// Returns the texts of an error and of its sources in one line. A text that the one before it ends with is left out.
pub(crate) fn chain_text(error: &(dyn StdError + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let next = error.to_string();
        if !text.ends_with(&next) {
            text.push_str(": ");
            text.push_str(&next);
        }
        source = error.source();
    }
    text
}

/// Returns why this process has no CA certificates, and the remedy.
pub(crate) fn missing_certificates() -> String {
    missing_certificates_in(
        env::var_os("SSL_CERT_FILE").as_deref(),
        env::var_os("SSL_CERT_DIR").as_deref(),
    )
}

fn missing_certificates_in(file: Option<&OsStr>, directories: Option<&OsStr>) -> String {
    let mut causes = Vec::new();
    causes.extend(file.map(|file| {
        format!(
            "SSL_CERT_FILE={file:?} {}",
            problem_of_file(Path::new(file))
        )
    }));
    let directories = directories
        .filter(|directories| env::split_paths(directories).any(|path| !is_empty(&path)));
    causes
        .extend(directories.map(|directories| {
            format!("SSL_CERT_DIR={directories:?} has no readable certificate")
        }));
    let cause = match &causes[..] {
        [] => "the system has none".to_owned(),
        causes => outside(&causes.join(" and ")).to_string(),
    };
    format!(
        "no CA certificates: {cause}; install the package `ca-certificates`, or set SSL_CERT_FILE to a PEM file or \
         SSL_CERT_DIR to a directory of them"
    )
}

fn is_empty(path: &Path) -> bool {
    path.as_os_str().is_empty()
}

fn problem_of_file(path: &Path) -> String {
    match fs::read(path) {
        Err(error) => format!("cannot be read ({error})"),
        Ok(content) if content.is_empty() => "is empty".to_owned(),
        Ok(_) => "has no valid certificate".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_certificates_name_the_variable_its_problem_and_the_package() {
        let folder = env::temp_dir().join(format!("tower-weika-remedy-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let [absent, empty, other] =
            ["absent.pem", "empty.pem", "other.pem"].map(|name| folder.join(name));
        fs::write(&empty, "").unwrap();
        fs::write(&other, "no certificate").unwrap();
        let file = |path: &Path| missing_certificates_in(Some(path.as_os_str()), None);
        for (text, cause) in [
            (missing_certificates_in(None, None), "the system has none"),
            (file(&absent), "cannot be read (No such file or directory"),
            (file(&empty), "is empty"),
            (file(&other), "has no valid certificate"),
            (
                missing_certificates_in(None, Some(folder.as_os_str())),
                "SSL_CERT_DIR",
            ),
            (
                missing_certificates_in(None, Some(OsStr::new(""))),
                "the system has none",
            ),
        ] {
            assert!(text.contains(cause), "{cause}: {text}");
            assert!(
                text.contains("install the package `ca-certificates`, or set SSL_CERT_FILE"),
                "{text}"
            );
        }
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn escaped_text_has_no_line_break_and_at_most_200_characters() {
        assert_eq!(outside("a\nb").to_string(), "a\\nb");
        assert_eq!(outside(&"王".repeat(300)).to_string().chars().count(), 200);
    }

    #[test]
    fn failures_of_the_network_have_a_remedy_and_others_have_none() {
        for (text, remedy) in [
            ("invalid peer certificate: UnknownIssuer", "SSL_CERT_FILE"),
            (
                "invalid peer certificate: certificate expired: verification time",
                "clock",
            ),
            (
                "invalid peer certificate: certificate not valid for name \"a\"",
                "another host name",
            ),
            (
                "received corrupt message of type InvalidContentType",
                "does not speak TLS",
            ),
            ("dns error: failed to lookup address information", "DNS"),
            ("Connection refused (os error 111)", "no server listens"),
        ] {
            assert!(for_network(text).unwrap().contains(remedy), "{text}");
        }
        assert_eq!(for_network("broken pipe"), None);
    }
}
