//! Each refusal says what is wrong and what to do.

use super::*;

#[test]
fn a_refused_address_is_explained() {
    let explain = |address: &str, kind| explain(address.parse().unwrap(), kind);
    let in_use = explain("127.0.0.1:8000", ErrorKind::AddrInUse);
    assert!(
        in_use.contains("127.0.0.1:8000 is in use") && in_use.contains("--listen 127.0.0.1:8001")
    );
    let last = explain("[::1]:65535", ErrorKind::AddrInUse);
    assert!(last.contains("--listen [::1]:8000"), "{last}");
    let forbidden = explain("0.0.0.0:80", ErrorKind::PermissionDenied);
    assert!(forbidden.contains("CAP_NET_BIND_SERVICE"), "{forbidden}");
    let foreign = explain("192.0.2.1:80", ErrorKind::AddrNotAvailable);
    assert!(foreign.contains("192.0.2.1 is no address of this machine"), "{foreign}");
}
