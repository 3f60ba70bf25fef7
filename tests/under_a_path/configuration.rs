//! The configuration of the guide.

use std::path::Path;

/// The configuration of the chapter, with other ports and files: nginx listens on `port` of
/// `localhost`, over TLS or without, in front of the applications on these ports.
pub(crate) fn configuration(
    folder: &Path,
    port: u16,
    is_tls: bool,
    applications: [u16; 2],
) -> String {
    let chapters = [
        include_str!("../../docs/guide/en/src/under-a-path.md"),
        include_str!("../../docs/guide/zh/src/under-a-path.md"),
    ];
    let [text, chinese] = chapters.map(|chapter| {
        let block = chapter.split("```nginx\n").nth(1).expect("a configuration");
        block.split("```").next().expect("its end")
    });
    assert_eq!(text, chinese, "both languages have one configuration");
    let folder = folder.display();
    let [first, second] = applications.map(|port| format!("127.0.0.1:{port}"));
    let listen = format!(
        "listen 127.0.0.1:{port}{};",
        if is_tls { " ssl" } else { "" }
    );
    let mut server = text.to_owned();
    for (from, to) in [
        ("listen              443 ssl;", listen),
        ("campus.example.edu.cn", "localhost".to_owned()),
        ("/etc/nginx/tls/", format!("{folder}/")),
        ("127.0.0.1:3001", first),
        ("127.0.0.1:3002", second),
    ] {
        assert!(server.contains(from), "the guide has no {from:?}");
        server = server.replace(from, &to);
    }
    // One process, so that killing the child stops all of nginx.
    format!(
        "daemon off; master_process off; pid {folder}/pid;\n\
         events {{}}\n\
         http {{\n\
           access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;\n\
           {server}\n\
         }}\n"
    )
}
