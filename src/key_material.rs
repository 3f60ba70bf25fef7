//! Validation of secrets from which keys are derived: their length, and published literals.

use crate::error::ConfigErrorKind;

/// The minimum length of a secret.
pub(crate) const MIN_SECRET_BYTES: usize = 32;

/// Returns the configuration error for a secret that must not be used, without its value.
pub(crate) fn check(name: &'static str, secret: &[u8]) -> Option<ConfigErrorKind> {
    if PUBLISHED
        .iter()
        .any(|literal| literal.as_bytes() == secret.trim_ascii())
    {
        return Some(ConfigErrorKind::PublishedSecret { name });
    }
    (secret.len() < MIN_SECRET_BYTES).then(|| {
        let (value, expected) = (format!("{} bytes long", secret.len()), "at least 32 bytes");
        ConfigErrorKind::OutOfRange {
            name,
            value,
            expected,
        }
    })
}

/// Every literal that the documentation has ever shown as a secret. They stay in this list after
/// they are removed from the documentation, because applications that copied them still run.
const PUBLISHED: [&str; 4] = [
    // README.md
    "32 bytes or more, the same for all instances",
    // README.zh-CN.md
    "至少 32 字节，所有实例相同的密钥",
    // The documentation of `RedisStore`.
    "the same 32 bytes or more for all instances",
    // examples/instances.rs
    "an example's secret, known to everybody who reads this",
];

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::*;

    #[test]
    fn published_literals_are_rejected_with_the_remedy() {
        for literal in PUBLISHED {
            for spelled in [
                literal.to_owned(),
                format!("{literal}\n"),
                format!("  {literal} "),
            ] {
                let error = check("secret", spelled.as_bytes()).unwrap();
                assert_eq!(error, ConfigErrorKind::PublishedSecret { name: "secret" });
                let text = error.to_string();
                assert!(
                    text.starts_with("secret is ") && text.contains("`openssl rand -base64 32`"),
                    "{text}"
                );
                assert!(!text.contains(literal), "{text}");
            }
        }
    }

    #[test]
    fn other_secrets_must_have_32_bytes() {
        assert_eq!(check("secret", &[7; MIN_SECRET_BYTES]), None);
        let similar = format!("{}!", PUBLISHED[0]);
        assert_eq!(check("secret", similar.as_bytes()), None);
        assert!(matches!(
            check("secret", &[7; MIN_SECRET_BYTES - 1]),
            Some(ConfigErrorKind::OutOfRange { .. })
        ));
    }

    /// A reader copies what the documentation shows, so the documentation must not show a literal.
    #[test]
    fn documentation_and_examples_show_no_literal_secret() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut files = vec![
            root.join("README.md"),
            root.join("README.zh-CN.md"),
            root.join("DESIGN.md"),
        ];
        files.push(root.join("SECURITY.md"));
        for folder in ["docs", "examples", "src"] {
            collect(&root.join(folder), &mut files);
        }
        for file in files {
            // Tests and this list may hold literals; documentation comments of any file may not.
            let is_source = file.starts_with(root.join("src"));
            let Ok(text) = fs::read_to_string(&file) else {
                continue;
            };
            for line in text
                .lines()
                .filter(|line| !is_source || line.trim_start().starts_with("//"))
            {
                // The reader of variables in the example has a method `secret` too, which takes a
                // name.
                let line = line.replace("errors.secret(", "");
                for setting in [
                    ".secret(",
                    ".previous_secret(",
                    "encryption_key(",
                    "encryption_key(",
                    "SECRET: &str = ",
                ] {
                    for literal in ["\"", "b\"", "*b\"", "[", "&["] {
                        let shown = line.contains(&format!("{setting}{literal}"));
                        assert!(!shown, "{}: {line}", file.display());
                    }
                }
            }
        }
    }

    fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
        // `docs` is not part of the published crate.
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let is_text = path
                .extension()
                .is_some_and(|extension| extension == "md" || extension == "rs");
            match path.is_dir() {
                true => collect(&path, files),
                false if is_text => files.push(path),
                false => {}
            }
        }
    }
}
