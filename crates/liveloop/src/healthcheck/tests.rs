//! Where the question goes, and what is made of the answer.

use super::*;

#[test]
fn an_url_is_completed() {
    for (url, authority, path) in [
        ("https://10.0.0.5", "10.0.0.5:443", "/health"),
        ("https://[::1]:8443/", "[::1]:8443", "/health"),
        ("http://10.0.0.5:8000", "10.0.0.5:8000", "/health"),
        ("http://10.0.0.5:8000/", "10.0.0.5:8000", "/health"),
        ("http://example.org/health/ready", "example.org:80", "/health/ready"),
        ("http://[::1]", "[::1]:80", "/health"),
        ("http://[::1]:8000", "[::1]:8000", "/health"),
    ] {
        let is_secure = url.starts_with("https:");
        let place = Place { is_secure, authority: authority.into(), path: path.into() };
        assert_eq!(Place::parse(url).unwrap(), place);
    }
    assert!(Place::parse("ftp://example.org").is_err());
    let host = |url| Place::parse(url).unwrap().host().to_owned();
    assert_eq!(host("https://[::1]:8443"), "::1");
    assert_eq!(host("https://example.org/health"), "example.org");
    assert!(Place::parse("http://a/x y").is_err());
}

#[test]
fn all_addresses_are_asked_for_at_this_machine() {
    let reach = |text: &str| reachable(text.parse().unwrap()).to_string();
    assert_eq!(reach("0.0.0.0:80"), "127.0.0.1:80");
    assert_eq!(reach("[::]:80"), "[::1]:80");
    assert_eq!(reach("10.0.0.5:80"), "10.0.0.5:80");
}

#[test]
fn an_answer_is_judged_by_its_code() {
    let answer = |code: &str, status: &str| {
        format!(
            "HTTP/1.1 {code} X\r\ncontent-type: application/json\r\n\r\n{{\"status\":\"{status}\",\
             \"node\":\"node-a\",\"version\":\"0.1.0\",\"uptimeSeconds\":61,\"services\":{{}}}}"
        )
    };
    let good = judge(&answer("200", "healthy")).unwrap();
    assert_eq!(good.to_string(), "healthy: node-a, version 0.1.0, up for 61 s");
    let draining = judge(&answer("503", "draining")).unwrap_err().to_string();
    assert!(draining.starts_with("draining: node-a"), "{draining}");
    assert!(
        judge("HTTP/1.1 200 OK\r\n\r\nhello").unwrap_err().to_string().contains("no Live Loop")
    );
    assert!(judge("220 mail.example.org").is_err());
}
