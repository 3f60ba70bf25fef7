//! The configuration of the guide.

use std::path::Path;

use crate::redis_server::free_port;

/// Returns the configuration in a chapter.
pub(crate) fn configuration_of_the_guide(chapter: &str) -> &str {
    let blocks: Vec<_> = chapter.split("```nginx\n").skip(1).collect();
    assert_eq!(blocks.len(), 1, "one configuration");
    blocks[0].split("```").next().expect("its end")
}

/// The configuration of the chapter, with other ports, files and host name. Each pair replaces one more
/// part.
pub(crate) fn configuration(folder: &Path, port: u16, replacements: &[(&str, &str)]) -> String {
    let chapter = include_str!("../../docs/guide/en/src/forward-auth.md");
    let mut text = configuration_of_the_guide(chapter).to_owned();
    let folder = folder.display();
    let kinds = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    let temporary = kinds.map(|kind| format!("{kind}_temp_path {folder}/{kind};"));
    // One process, so that killing the child stops all of nginx.
    let process = format!("daemon off; master_process off; pid {folder}/pid;");
    let here: [(&str, &str); 10] = [
        (
            "user              www-data;\nworker_processes  auto;",
            &process,
        ),
        ("http {", &format!("http {{ {}", temporary.join(" "))),
        ("/var/log/nginx/", &format!("{folder}/")),
        ("/etc/nginx/tls/", &format!("{folder}/")),
        (
            "listen      80;",
            &format!("listen 127.0.0.1:{};", free_port()),
        ),
        (
            "listen              443 ssl",
            &format!("listen 127.0.0.1:{port} ssl"),
        ),
        ("campus.example.edu.cn", "localhost"),
        ("root  /srv;", &format!("root {folder}/srv;")),
        ("root          /srv;", &format!("root {folder}/srv;")),
        ("worker_connections 4096", "worker_connections 512"),
    ];
    for (from, to) in here.iter().chain(replacements) {
        assert!(text.contains(from), "the guide has no {from:?}");
        text = text.replace(from, to);
    }
    text
}
