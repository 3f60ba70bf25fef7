//! nginx in front of a site, for TLS.

use std::path::Path;

use crate::nginx::Nginx;

/// A page without a policy: its scripts can send requests, which the site forbids its own pages.
pub(crate) const BLANK: &str = "/blank";

/// Starts nginx on this port of `localhost`, in front of the site at `upstream`.
pub(crate) fn start(port: u16, upstream: &str) -> Nginx {
    Nginx::start(port, |folder| configuration(folder, port, upstream))
}

fn configuration(folder: &Path, port: u16, upstream: &str) -> String {
    let folder = folder.display();
    format!(
        "daemon off; master_process off; pid {folder}/pid;\n\
         events {{}}\n\
         http {{\n\
           access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;\n\
           server {{\n\
             listen 127.0.0.1:{port} ssl;\n\
             ssl_certificate {folder}/fullchain.pem; ssl_certificate_key {folder}/privkey.pem;\n\
             location = {BLANK} {{ default_type text/html; return 200 '<!doctype html>'; }}\n\
             location / {{ proxy_pass {upstream}; }}\n\
           }}\n\
         }}\n"
    )
}
