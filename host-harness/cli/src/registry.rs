//! A registry of OCI artifacts, as `push` and `pull` meet it.
//!
//! # Security
//!
//! What a registry answers is a stranger's: it is checked against digests and bounds before anything is done with it. One thing
//! of it is followed elsewhere: where it names a server of tokens, name and password go there. A component's bytes are bounded as they come. Manifests and errors come through
//! `oci-client`, which reads them whole before they can be bounded; time bounds those.

mod artifact;
mod credentials;
mod failure;
mod name;
mod sink;

use std::time::Duration;

use clap::Args;
use countersign_host::Digest;
use oci_client::RegistryOperation;
use oci_client::client::{Client, ClientConfig, ClientProtocol};
use oci_client::manifest::OCI_IMAGE_MEDIA_TYPE;
use oci_client::secrets::RegistryAuth;

pub(crate) use self::artifact::Artifact;
use self::artifact::Layer;
use self::credentials::Credentials;
use self::failure::Failing;
pub(crate) use self::name::Name;
use self::sink::Sink;
use crate::exit::Exit;

/// How a registry is reached.
#[derive(Args, Debug)]
pub(crate) struct RegistryArgs {
    #[command(flatten)]
    credentials: Credentials,
    /// Speak HTTP without TLS, as registries on this machine do. Credentials go to loopback alone then
    #[arg(long)]
    plain_http: bool,
}

/// A name of a registry, and a way to it.
pub(crate) struct Registry {
    client: Client,
    name: Name,
    auth: RegistryAuth,
}

/// What came from a registry: whole, and what its digests say. Nothing of it has run, or was looked at but for its first
/// bytes.
#[derive(Debug)]
pub(crate) struct Pulled {
    /// The digest of the manifest.
    pub(crate) digest: Digest,
    /// The component.
    pub(crate) component: Vec<u8>,
    /// Its signature, which nobody has checked.
    pub(crate) signature: Option<[u8; 64]>,
}

impl Registry {
    /// Makes ready to reach it. Nothing is sent.
    pub(crate) fn new(name: Name, args: &RegistryArgs) -> Result<Self, Exit> {
        let auth = args.credentials.read()?;
        if args.plain_http && auth != RegistryAuth::Anonymous && !name.is_loopback() {
            return Err(Exit::Usage(
                "--plain-http: expected a registry on loopback, or no credentials: they would go out in the clear"
                    .to_owned(),
            ));
        }
        // It fails where there is one already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let config = ClientConfig {
            protocol: match args.plain_http {
                true => ClientProtocol::Http,
                false => ClientProtocol::Https,
            },
            // One component is one manifest: an index of many is an error.
            platform_resolver: None,
            connect_timeout: Some(CONNECT),
            read_timeout: Some(READ),
            user_agent: concat!("countersign/", env!("CARGO_PKG_VERSION")),
            ..ClientConfig::default()
        };
        let client = Client::try_from(config);
        let client = client.map_err(|error| Failing::of(&name, "reached").exit(error))?;
        Ok(Self { client, name, auth })
    }

    /// Puts an artifact under the name. Returns the digest of its manifest.
    pub(crate) async fn push(self, artifact: Artifact) -> Result<Digest, Exit> {
        let failing = Failing::of(&self.name, "pushed to");
        let at_end = failing.clone();
        let work = async move {
            let Self { client, name, auth } = self;
            let failed = |error| failing.exit(error);
            let reference = name.reference();
            let begun = client.auth(reference, &auth, RegistryOperation::Push).await;
            begun.map_err(failed)?;
            for (digest, bytes) in artifact.blobs() {
                let pushed = client.push_blob(reference, bytes, &digest).await;
                pushed.map_err(failed)?;
            }
            let manifest = artifact.manifest()?;
            let digest = Digest::of(&manifest);
            let media_type = OCI_IMAGE_MEDIA_TYPE.parse();
            let media_type = media_type.map_err(|_| Exit::Fault("no media type".to_owned()))?;
            let pushed = client.push_manifest_raw(reference, manifest, media_type);
            pushed.await.map_err(failed)?;
            Ok(digest)
        };
        guarded(work, &at_end).await
    }

    /// Gets what is under the name: the manifest that it must be, if `expected` says so.
    pub(crate) async fn pull(self, expected: Option<Digest>) -> Result<Pulled, Exit> {
        let failing = Failing::of(&self.name, "pulled from");
        let at_end = failing.clone();
        let work = async move {
            let Self { client, name, auth } = self;
            let failed = |error| failing.exit(error);
            let reference = name.reference();
            let begun = client.auth(reference, &auth, RegistryOperation::Pull).await;
            begun.map_err(failed)?;
            let manifest = client.pull_manifest_raw(reference, &auth, &[OCI_IMAGE_MEDIA_TYPE]);
            let (manifest, _) = manifest.await.map_err(failed)?;
            let digest = Digest::of(&manifest);
            for wanted in [name.digest(), expected].into_iter().flatten() {
                if wanted != digest {
                    return Err(failing.refused(&format!(
                        "is sha256:{digest}, expected sha256:{wanted}: what the name means has changed, or was changed"
                    )));
                }
            }
            let layer = Layer::of(&manifest).map_err(|why| failing.refused(&why))?;
            let mut sink = Sink::new(layer.size);
            let blob = format!("sha256:{}", layer.digest);
            let pulled = client.pull_blob(reference, blob.as_str(), &mut sink).await;
            if sink.is_overrun() {
                return Err(failing.refused("has more bytes than its manifest says"));
            }
            pulled.map_err(failed)?;
            let component = sink.into_bytes();
            layer
                .check(&component)
                .map_err(|why| failing.refused(&why))?;
            Ok(Pulled {
                digest,
                component,
                signature: layer.signature,
            })
        };
        guarded(work, &at_end).await
    }
}

/// Does what a registry has a part in, on a task of its own: `oci-client` panics at some answers of a hostile one.
async fn guarded<T: Send + 'static>(
    work: impl Future<Output = Result<T, Exit>> + Send + 'static,
    failing: &Failing,
) -> Result<T, Exit> {
    let task = tokio::spawn(work);
    let at_end = task.abort_handle();
    let ended = tokio::time::timeout(WHOLE, task).await;
    // Nothing goes on that was told to have failed.
    at_end.abort();
    match ended {
        Ok(Ok(done)) => done,
        Ok(Err(_)) => Err(failing.because("it answered what cannot be used")),
        Err(_) => Err(failing.because("it took more than ten minutes")),
    }
}

const CONNECT: Duration = Duration::from_secs(10);
/// Without a byte.
const READ: Duration = Duration::from_secs(30);
const WHOLE: Duration = Duration::from_secs(600);
