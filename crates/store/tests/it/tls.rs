//! PostgreSQL over TLS, with certificates of an authority of the test's own.

use palisade_store::{DatabaseUrl, OpenError, PoolConfig, Store};
use palisade_testkit::{PrivatePostgres, TestEnv};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use sqlx::{Connection as _, PgConnection};

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority(name: &str) -> Authority {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A server whose certificate says `localhost`, and only that.
fn server_with_tls(authority: &Authority) -> PrivatePostgres {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, authority).unwrap();
    PrivatePostgres::start(&["ssl=on"], &[("server.crt", &certificate.pem()), ("server.key", &key.serialize_pem())])
}

async fn connect(host: &str, server: &PrivatePostgres, parameters: &str) -> Result<Store, OpenError> {
    let url = format!("postgresql://postgres@{host}:{}/postgres?{parameters}", server.port());
    Store::open(&DatabaseUrl::parse(&url).unwrap(), &PoolConfig::default(), TestEnv::default().env).await
}

/// Whether the server says that the connection it is asked over is encrypted.
async fn is_encrypted(store: &Store) -> bool {
    let sql = palisade_store::SqlBuilder::new("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()");
    store.read().await.unwrap().fetch_one(sql.build()).await.unwrap().get("ssl").unwrap()
}

/// covers K3.1 (part)
#[tokio::test]
async fn a_server_with_tls_is_used_as_sslmode_says() {
    let ours = authority("Depot");
    let server = server_with_tls(&ours);
    let dir = tempfile::tempdir().unwrap();
    let (root, stranger) = (dir.path().join("root.crt"), dir.path().join("stranger.crt"));
    std::fs::write(&root, ours.pem()).unwrap();
    std::fs::write(&stranger, authority("Stranger").pem()).unwrap();
    let (root, stranger) = (root.display(), stranger.display());

    for (host, parameters) in [
        ("localhost", "sslmode=require".to_owned()),
        ("localhost", format!("sslmode=verify-ca&sslrootcert={root}")),
        ("127.0.0.1", format!("sslmode=verify-ca&sslrootcert={root}")),
        ("localhost", format!("sslmode=verify-full&sslrootcert={root}")),
    ] {
        let store = connect(host, &server, &parameters).await.unwrap_or_else(|e| panic!("{host} {parameters}: {e}"));
        assert!(is_encrypted(&store).await, "{host} {parameters}");
        store.close().await;
    }
    for (host, parameters) in [
        // Not the host that the certificate is for.
        ("127.0.0.1", format!("sslmode=verify-full&sslrootcert={root}")),
        // Not the authority that signed it.
        ("localhost", format!("sslmode=verify-ca&sslrootcert={stranger}")),
        ("localhost", format!("sslmode=verify-full&sslrootcert={stranger}")),
        // Not an authority that the world knows.
        ("localhost", "sslmode=verify-full".to_owned()),
    ] {
        let Err(error) = connect(host, &server, &parameters).await else { panic!("{host} {parameters}") };
        assert!(matches!(error, OpenError::Unusable { .. }), "{host} {parameters}: {error}");
    }
}

/// covers K3.1 (part)
#[tokio::test]
async fn a_server_without_tls_is_refused_where_tls_is_required() {
    let server = PrivatePostgres::start(&["ssl=off"], &[]);
    let Err(error) = connect("localhost", &server, "sslmode=require").await else { panic!("connected") };
    let text = error.to_string();
    assert!(text.contains("Turn TLS on at the server"), "{text}");
    // It is the missing TLS that is refused, and not something else about this server.
    let store = connect("localhost", &server, "sslmode=disable").await.unwrap();
    assert!(!is_encrypted(&store).await);
    let clear = format!("postgresql://postgres@localhost:{}/postgres?sslmode=disable", server.port());
    PgConnection::connect(&clear).await.unwrap();
}
