//! Each refusal says what is wrong and what to do; the kernel holds little for who does not read.

use super::*;

#[tokio::test]
async fn the_kernel_holds_little_for_one_who_does_not_read() {
    let listener = bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let client = TcpSocket::new_v4().unwrap();
    client.set_recv_buffer_size(4_096).unwrap();
    let client = client.connect(listener.local_addr().unwrap()).await.unwrap();
    let (accepted, _) = listener.accept().await.unwrap();
    let mut taken = 0;
    accepted.writable().await.unwrap();
    while let Ok(written) = accepted.try_write(&[0; 16 << 10]) {
        taken += written;
        // A window that opens meanwhile is a part of it.
        let _ =
            tokio::time::timeout(std::time::Duration::from_millis(20), accepted.writable()).await;
    }
    assert!((16 << 10..=512 << 10).contains(&taken), "{taken} bytes");
    drop(client);
}

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
