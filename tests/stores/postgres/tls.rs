//! Encryption, and whom a store takes for its server.

use std::fs;

use countersign_host::store::{OpenError, PostgresStore, Store};
use countersign_tests::cluster::{Cluster, Setup};
use libtest_mimic::Trial;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

use super::{database, name, trial};
use crate::duties::account;
use crate::kind::Directory;

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial("trusted_server_is_spoken_to_in_tls", trusted),
        trial("server_of_another_root_is_refused", another_root),
        trial("server_of_another_name_is_refused", another_name),
        trial("server_without_tls_is_refused_where_it_is_required", plain),
        trial("socket_of_this_machine_needs_no_tls", socket),
    ]
}

async fn trusted() {
    let authority = Authority::new();
    let cluster = authority.server("127.0.0.1");
    let url = gateway(&cluster).await;
    let files = Directory::new();
    let roots = authority.file(&files);
    // The server lets this user in by TLS only.
    let refused = PostgresStore::connect(&url).await;
    refused.expect_err("it is refused without");
    for mode in ["require", "verify-full"] {
        let url = format!("{url}?sslmode={mode}&sslrootcert={roots}");
        let store = PostgresStore::connect(&url).await.expect("it is trusted");
        store.get(&[account("u")]).await.expect("it answers");
        let client = cluster.client("postgres").await.expect("it connects");
        let rows = client.query(SESSIONS, &[]).await.expect("it answers");
        assert!(!rows.is_empty(), "no connection is seen");
        for row in rows {
            assert!(row.get::<_, bool>(0), "{mode}");
            let version: &str = row.get(1);
            assert!(version >= "TLSv1.2", "{mode}: {version}");
        }
    }
}

async fn another_root() {
    let cluster = Authority::new().server("127.0.0.1");
    let url = gateway(&cluster).await;
    let files = Directory::new();
    let roots = Authority::new().file(&files);
    distrusted(&format!("{url}?sslmode=require&sslrootcert={roots}")).await;
    distrusted(&format!("{url}?sslmode=verify-full&sslrootcert={roots}")).await;
}

async fn another_name() {
    let authority = Authority::new();
    let cluster = authority.server("database.example");
    let url = gateway(&cluster).await;
    let files = Directory::new();
    let roots = authority.file(&files);
    // Others only encrypt with `require`: then anybody with a certificate of this root could be the server.
    distrusted(&format!("{url}?sslmode=require&sslrootcert={roots}")).await;
    distrusted(&format!("{url}?sslmode=verify-full&sslrootcert={roots}")).await;
}

async fn plain() {
    let url = database().await;
    let files = Directory::new();
    let roots = Authority::new().file(&files);
    let encrypted = format!("{url}?sslmode=require&sslrootcert={roots}");
    let refused = PostgresStore::connect(&encrypted).await;
    let refused = refused.expect_err("it has no TLS");
    assert!(matches!(refused, OpenError::Unavailable(_)), "{refused}");
    PostgresStore::connect(&url)
        .await
        .expect("on this machine it is not needed");
}

async fn socket() {
    let cluster = Cluster::shared().expect("it runs");
    let url = database().await;
    let name = name(&url);
    let directory = cluster.directory().display().to_string();
    let directory = directory.replace('/', "%2F");
    let url = format!("postgres://postgres@{directory}:{}/{name}", cluster.port());
    let store = PostgresStore::connect(&url).await.expect("it connects");
    store.get(&[account("u")]).await.expect("it answers");
}

async fn distrusted(url: &str) {
    let refused = PostgresStore::connect(url).await.expect_err("refused");
    assert!(refused.to_string().contains("not trusted"), "{refused}");
}

/// Makes a user whom the server lets in by TLS only, and returns the address of a database of theirs.
async fn gateway(cluster: &Cluster) -> String {
    let client = cluster.client("postgres").await.expect("it connects");
    for statement in GATEWAY {
        client.batch_execute(statement).await.expect("it is made");
    }
    cluster.url("gateway").replace("postgres@", "gateway@")
}

/// Who signs the certificates of servers.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, new_key());
        Self(issuer.expect("it is one"))
    }

    /// Starts a server with a certificate for a name.
    fn server(&self, name: &str) -> Cluster {
        let key = new_key();
        let params = CertificateParams::new([name.to_owned()]).expect("it is a name");
        let certificate = params.signed_by(&key, &self.0).expect("it is signed");
        let mut setup = Setup::default();
        setup.fsync = false;
        setup.settings = vec!["ssl=on".to_owned()];
        setup.files = vec![
            ("server.crt".to_owned(), certificate.pem().into_bytes()),
            ("server.key".to_owned(), key.serialize_pem().into_bytes()),
        ];
        setup.hba = vec![
            "hostssl all gateway 127.0.0.1/32 trust".to_owned(),
            "host all gateway 127.0.0.1/32 reject".to_owned(),
        ];
        Cluster::with(&setup).expect("a server starts")
    }

    /// Writes its own certificate to a file, and returns the file's name as an address has it.
    fn file(&self, directory: &Directory) -> String {
        let path = directory.path().join("our root.pem");
        fs::write(&path, self.0.pem()).expect("it is written");
        path.display().to_string().replace(' ', "%20")
    }
}

fn new_key() -> KeyPair {
    KeyPair::generate().expect("there is randomness")
}

const GATEWAY: [&str; 2] = [
    "CREATE ROLE gateway LOGIN",
    "CREATE DATABASE gateway OWNER gateway",
];

const SESSIONS: &str = "
SELECT s.ssl, s.version FROM pg_stat_ssl s JOIN pg_stat_activity a USING (pid)
WHERE a.usename = 'gateway' AND a.application_name = 'countersign'";
