//! Secrets that the layer rejects.

use super::*;

type Builder = LoginLayerBuilder<Provider, MemoryStore<Person>>;

/// The configuration errors of a layer with this setting.
fn errors(set: impl FnOnce(Builder) -> Builder) -> Vec<ConfigErrorKind> {
    let builder = LoginLayer::builder(Site::new().provider).public_url("https://campus.example");
    set(builder)
        .build()
        .err()
        .map(|error| error.errors().to_vec())
        .unwrap_or_default()
}

#[test]
fn literal_from_the_documentation_is_rejected_as_secret_and_as_former_secret() {
    for literal in [
        "32 bytes or more, the same for all instances",
        "至少 32 字节，所有实例相同的密钥",
        "the same 32 bytes or more for all instances",
        "an example's secret, known to everybody who reads this",
    ] {
        assert_eq!(
            errors(|it| it.secret(literal)),
            [ConfigErrorKind::PublishedSecret { name: "secret" }],
            "{literal}"
        );
        let rotated = errors(|it| it.secret([7; 32]).previous_secret(literal));
        assert_eq!(
            rotated,
            [ConfigErrorKind::PublishedSecret {
                name: "previous_secret"
            }],
            "{literal}"
        );
    }
    assert_eq!(errors(|it| it.secret([7; 32]).previous_secret([8; 32])), []);
}
