//! HTTPS: who is connected and who is not, and certificates that are exchanged while clients come and go.

use std::fs;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use ferrocast_server::{Config, Sources, loaders};
use ferrocast_testkit::{Authority, Pair};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned, SupportedProtocolVersion, crypto, version};
use tempfile::TempDir;

use crate::authority::{certificates, chain, private_key};
use crate::client::{Answer, Client};
use crate::http2::{PRIOR_KNOWLEDGE, all_of, is_refusal};
use crate::scripted::{HELD, SOON, Script, eventually, write};
use crate::server::{PENGUIN, TestServer, samples};

/// How often the server looks at its certificate.
const LOOK: Duration = Duration::from_secs(2);

type Stream = StreamOwned<ClientConnection, TcpStream>;

/// The two files that a server reads its certificate from.
struct Files(TempDir);

impl Files {
    fn holding(pair: &Pair) -> Files {
        let files = Files(tempfile::tempdir().expect("a folder"));
        files.put(pair);
        files
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().expect("plain characters").to_owned()
    }

    /// Exchanges both, one after the other, as whoever renews certificates does.
    fn put(&self, pair: &Pair) {
        for (from, name) in [(&pair.certificate, "cert.pem"), (&pair.key, "key.pem")] {
            let aside = self.path("aside");
            fs::copy(from, &aside).expect("a copy");
            fs::rename(aside, self.path(name)).expect("renamed");
        }
    }
}

/// Serves with that certificate.
fn serve(files: &Files, settings: &[(&str, &str)]) -> TestServer {
    serve_models(files, &samples(), settings, loaders())
}

fn serve_models(
    files: &Files,
    models: &Path,
    settings: &[(&str, &str)],
    loaders: ferrocast_pipeline::Loaders,
) -> TestServer {
    let (certificate, key) = (files.path("cert.pem"), files.path("key.pem"));
    let own = [("TLS__CERT_FILE", certificate.as_str()), ("TLS__KEY_FILE", &key)];
    TestServer::start_early(models, &[&own[..], settings].concat(), loaders)
}

const BOTH: &[&SupportedProtocolVersion] = &[&version::TLS13, &version::TLS12];

/// A client that trusts `authority`, and may have a certificate of its own.
fn client(authority: &Authority, own: Option<&Pair>) -> ClientConfig {
    client_of(authority, own, BOTH)
}

fn client_of(
    authority: &Authority,
    own: Option<&Pair>,
    versions: &[&'static SupportedProtocolVersion],
) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(certificates(&authority.certificate()));
    let builder = ClientConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
        .with_protocol_versions(versions)
        .expect("versions")
        .with_root_certificates(roots);
    let mut config = match own {
        None => builder.with_no_client_auth(),
        Some(own) => builder.with_client_auth_cert(chain(own), private_key(own)).expect("a certificate"),
    };
    // Each connection is one of its own.
    config.resumption = rustls::client::Resumption::disabled();
    config
}

/// A new connection, after its handshake.
fn connect(address: SocketAddr, config: &ClientConfig) -> io::Result<Stream> {
    let mut socket = TcpStream::connect(address)?;
    socket.set_read_timeout(Some(SOON))?;
    let name = ServerName::from(address.ip());
    let mut tls = ClientConnection::new(Arc::new(config.clone()), name).map_err(io::Error::other)?;
    while tls.is_handshaking() {
        tls.complete_io(&mut socket)?;
    }
    Ok(StreamOwned::new(tls, socket))
}

/// A request on a connection of its own, and the certificate that was shown. Whether a client's certificate does shows with the
/// first bytes that come.
fn ask(address: SocketAddr, config: &ClientConfig) -> io::Result<CertificateDer<'static>> {
    let mut stream = connect(address, config)?;
    stream.write_all(b"GET /livez HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    if !answer.starts_with(b"HTTP/1.1 200 OK\r\n") {
        return Err(io::Error::other(String::from_utf8_lossy(&answer).into_owned()));
    }
    let shown = stream.conn.peer_certificates().and_then(|chain| chain.first());
    Ok(shown.expect("a certificate").clone().into_owned())
}

fn post(client: &mut Client<Stream>, path: &str, body: &str) -> Answer {
    client.post(path, body.as_bytes())
}

#[test]
fn connections_are_secured_and_kept() {
    let authority = Authority::new();
    let files = Files::holding(&authority.issue("server"));
    let server = serve(&files, &[("MODELS__DEFAULT", "penguins")]);
    for versions in [&[&version::TLS13][..], &[&version::TLS12]] {
        let config = client_of(&authority, None, versions);
        let mut client = Client::over(connect(server.address, &config).expect("a connection"), server.address);
        eventually("ready", || (client.get("/readyz").status == 200).then_some(()));
        for _ in 0..20 {
            let answer = post(&mut client, "/predict", PENGUIN);
            assert_eq!((answer.status, answer.header("connection")), (200, None), "{}", answer.text());
        }
        let large = format!(r#"{{"instances":[{}]}}"#, vec![PENGUIN; 100].join(","));
        assert_eq!(post(&mut client, "/predict_batch", &large).status, 200);
    }
    let stranger = connect(server.address, &self::client(&Authority::new(), None));
    assert!(stranger.is_err(), "a client that does not trust the authority was connected");
    // Who speaks no TLS is not answered.
    let mut plain = TcpStream::connect(server.address).expect("the server accepts");
    plain.set_read_timeout(Some(SOON)).expect("a timeout");
    plain.write_all(b"GET /livez HTTP/1.1\r\nhost: a\r\n\r\n").expect("sent");
    assert!(!all_of(&mut plain).starts_with(b"HTTP"), "answered without TLS");
}

#[test]
fn http_1_1_is_all_that_is_agreed_on() {
    let authority = Authority::new();
    let files = Files::holding(&authority.issue("server"));
    let server = serve(&files, &[]);
    let offering = |protocols: &[&str]| {
        let mut config = client(&authority, None);
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
        connect(server.address, &config)
    };
    assert!(offering(&["h2"]).is_err());
    for offered in [&["h2", "http/1.1"][..], &["http/1.1"]] {
        let stream = offering(offered).expect("a connection");
        assert_eq!(stream.conn.alpn_protocol(), Some(&b"http/1.1"[..]), "{offered:?}");
    }
    for offered in [&["h2", "http/1.1"][..], &[]] {
        let mut stream = offering(offered).expect("a connection");
        stream.write_all(PRIOR_KNOWLEDGE).expect("sent");
        let answer = all_of(&mut stream);
        assert!(is_refusal(&answer), "{}", String::from_utf8_lossy(&answer));
    }
}

#[test]
fn clients_need_a_certificate_where_they_are_asked_for_one() {
    let (authority, of_clients) = (Authority::new(), Authority::new());
    let files = Files::holding(&authority.issue("server"));
    let ca_file = of_clients.certificate();
    let server = serve(&files, &[("TLS__CLIENT_CA_FILE", ca_file.to_str().expect("plain characters"))]);
    let ask = |own: Option<&Pair>| {
        [&version::TLS13, &version::TLS12].map(|version| ask(server.address, &client_of(&authority, own, &[version])))
    };
    assert!(ask(Some(&of_clients.issue("good"))).iter().all(Result::is_ok));
    for (what, own) in [
        ("none", None),
        ("of another authority", Some(authority.issue("stranger"))),
        ("expired", Some(of_clients.issue_expired("expired"))),
    ] {
        assert!(ask(own.as_ref()).iter().all(Result::is_err), "a client was connected whose certificate is {what}");
    }
}

#[test]
fn half_a_handshake_holds_nobody_up_and_is_cut() {
    let authority = Authority::new();
    let files = Files::holding(&authority.issue("server"));
    let server = serve(&files, &[("SERVER__WORKERS", "1")]);
    let config = client(&authority, None);
    ask(server.address, &config).expect("an answer");
    // More than the 256 that libraries commonly allow at a time. Once more if the machine was too busy to tell.
    let cut = (0..5).find_map(|_| {
        let began = Instant::now();
        let mut halves: Vec<TcpStream> = (0..300).map(|_| half(server.address)).collect();
        ask(server.address, &config).expect("an answer beside half handshakes");
        let answered = began.elapsed();
        let mut is_cut = |half: &mut TcpStream| half.read(&mut [0; 16]).is_ok_and(|read| read == 0);
        assert!(halves.iter_mut().all(&mut is_cut), "a half handshake is kept");
        (answered < Duration::from_secs(2)).then(|| began.elapsed())
    });
    let cut = cut.expect("an answer before the others were cut");
    assert!(cut >= Duration::from_secs(3), "cut after {cut:?}, too soon for a slow client");
    assert!(cut < SOON, "cut after {cut:?}");
}

/// A connection on which the head of a record has come, and nothing after it.
fn half(address: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(address).expect("the server accepts");
    stream.set_read_timeout(Some(SOON)).expect("a timeout");
    stream.write_all(&[0x16, 0x03, 0x01, 0x01, 0x00]).expect("sent");
    stream
}

#[test]
fn certificates_are_exchanged_while_clients_come() {
    let authority = Authority::new();
    let [first, second, third] = ["first", "second", "third"].map(|name| authority.issue(name));
    let files = Files::holding(&first);
    let server = serve(&files, &[]);
    let config = client(&authority, None);
    let shown = || ask(server.address, &config).expect("an answer");
    let is_shown = |pair: &Pair| shown() == chain(pair)[0];
    assert!(is_shown(&first));

    let (ends, asked, failed) = (AtomicBool::new(false), AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                while !ends.load(Ordering::SeqCst) {
                    asked.fetch_add(1, Ordering::SeqCst);
                    if ask(server.address, &config).is_err() {
                        failed.fetch_add(1, Ordering::SeqCst);
                    }
                }
            });
        }
        files.put(&second);
        eventually("the second certificate", || is_shown(&second).then_some(()));
        // A certificate without its key changes nothing.
        fs::copy(&third.certificate, files.path("cert.pem")).expect("a copy");
        let began = Instant::now();
        while began.elapsed() < LOOK * 3 {
            assert!(is_shown(&second));
        }
        files.put(&third);
        eventually("the third certificate", || is_shown(&third).then_some(()));
        ends.store(true, Ordering::SeqCst);
    });
    assert_eq!(failed.into_inner(), 0, "of {}", asked.into_inner());
}

#[test]
fn a_stop_lets_requests_finish_and_closes_what_waits() {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), "m", 2.0, "");
    let (authority, script) = (Authority::new(), Script::new());
    let files = Files::holding(&authority.issue("server"));
    let server = serve_models(&files, folder.path(), &[], script.loaders());
    let config = client(&authority, None);
    let secure = || Client::over(connect(server.address, &config).expect("a connection"), server.address);
    let mut idle = secure();
    eventually("ready", || (idle.get("/readyz").status == 200).then_some(()));
    let mut busy = secure();
    script.hold_next();
    let length = HELD.len();
    busy.send(format!("POST /predict HTTP/1.1\r\nhost: a\r\ncontent-length: {length}\r\n\r\n{HELD}").as_bytes());
    script.wait_until_held();
    server.begin_to_stop();
    assert!(idle.is_closed());
    eventually("nobody is connected any more", || TcpStream::connect(server.address).is_err().then_some(()));
    script.let_go();
    assert_eq!(busy.answer(false).status, 200);
    assert!(busy.is_closed());
}

#[test]
fn administration_is_secured_where_others_reach_it() {
    let authority = Authority::new();
    let files = Files::holding(&authority.issue("server"));
    let config = client(&authority, None);
    let near = serve(&files, &[("ADMIN__PORT", "0")]);
    assert_eq!(Client::connect(near.admin.expect("a listener")).get("/livez").status, 200);
    let far = [("ADMIN__PORT", "0"), ("ADMIN__HOST", "0.0.0.0"), ("AUTH__ALLOW_ANONYMOUS", "true")];
    let far = serve(&files, &far);
    let port = far.admin.expect("a listener").port();
    ask(SocketAddr::from(([127, 0, 0, 1], port)), &config).expect("an answer");
}

/// Reads a configuration with these files; each line of what is said has to begin as expected.
fn check(settings: &[(&str, &Path)], expected: &[&str]) {
    let models = [("MODEL_PATH".to_owned(), samples().to_string_lossy().into_owned())];
    let files = settings.iter().map(|(name, path)| ((*name).to_owned(), path.to_string_lossy().into_owned()));
    let sources = Sources { environment: files.chain(models).collect(), ..Sources::default() };
    let said = Config::from_sources(&sources).map_or_else(|error| error.to_string(), |_| String::new());
    assert_eq!(said.lines().count(), expected.len(), "{settings:?}: {said}");
    for (line, begin) in said.lines().zip(expected) {
        assert!(line.starts_with(begin), "{settings:?}: {line}");
    }
}

#[test]
fn files_that_do_not_do_are_told_at_the_start() {
    let authority = Authority::new();
    let [one, other] = ["one", "other"].map(|name| authority.issue(name));
    let (certificate, key) = (one.certificate.as_path(), one.key.as_path());
    let nowhere = certificate.with_extension("nowhere");
    let damaged = certificate.with_extension("damaged");
    fs::write(&damaged, fs::read_to_string(certificate).expect("text").replacen('M', "N", 4)).expect("written");
    let (cert_file, key_file, ca_file) = ("TLS__CERT_FILE", "TLS__KEY_FILE", "TLS__CLIENT_CA_FILE");

    check(&[(cert_file, certificate), (key_file, key)], &[]);
    check(&[(cert_file, certificate)], &["tls.key_file: must be given where tls.cert_file is"]);
    check(&[(key_file, key)], &["tls.cert_file: must be given where tls.key_file is"]);
    let neither = ["tls.cert_file: must be given where tls.client_ca_file is", "tls.key_file: must be given where"];
    check(&[(ca_file, certificate)], &neither);
    check(&[(cert_file, &nowhere), (key_file, key)], &["tls.cert_file: cannot be read: No such file"]);
    check(&[(cert_file, certificate), (key_file, &nowhere)], &["tls.key_file: cannot be read: No such file"]);
    check(&[(cert_file, &damaged), (key_file, key)], &["tls.cert_file: holds a certificate that cannot be used"]);
    check(&[(cert_file, certificate), (key_file, &other.key)], &["tls.key_file: holds another key than that of"]);
    // A key where certificates should be is not shown.
    check(&[(cert_file, key), (key_file, key)], &["tls.cert_file: holds no certificate in PEM ["]);
    let swapped = ["tls.key_file: holds no private key in PEM", "tls.client_ca_file: holds no certificate in PEM ["];
    check(&[(cert_file, certificate), (key_file, certificate), (ca_file, key)], &swapped);
}
