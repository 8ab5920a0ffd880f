//! A component as an OCI artifact: the layout for Wasm of the CNCF's TAG Runtime, with the signature as an annotation.
//!
//! One layer of `application/wasm`, the component's file as it is, so that the layer's digest is the pin. A config of
//! `application/vnd.wasm.config.v0+json` that names what the component imports and exports. The detached signature is
//! the manifest's annotation [`SIGNATURE`] in base64, so that other tools see one layer and nothing that is odd.

use std::collections::BTreeMap;

use countersign_host::{Digest, Inspection};
use data_encoding::BASE64;
use oci_client::client::{Config, ImageLayer};
use oci_client::manifest::{OCI_IMAGE_MEDIA_TYPE, OciImageManifest};
use serde_json::json;

use crate::exit::Exit;
use crate::plugin::{Kind, MAX_SIZE};

/// What is pushed. The same component and signature are the same artifact, with the same digest.
#[derive(Debug)]
pub(crate) struct Artifact {
    component: Vec<u8>,
    config: Vec<u8>,
    manifest: OciImageManifest,
}

impl Artifact {
    pub(crate) fn new(
        component: Vec<u8>,
        inspection: &Inspection,
        signature: Option<[u8; 64]>,
    ) -> Self {
        let config = json!({
            // The layout wants a time. This one is nobody's, so that the same component is the same artifact.
            "created": "1970-01-01T00:00:00Z",
            "architecture": "wasm",
            "os": "wasip2",
            "layerDigests": [format!("sha256:{}", inspection.sha256)],
            "component": { "imports": inspection.imports, "exports": inspection.exports },
        });
        let config = config.to_string().into_bytes();
        let annotation =
            |it: [u8; 64]| BTreeMap::from([(SIGNATURE.to_owned(), BASE64.encode(&it))]);
        let layers = [ImageLayer::new(component.clone(), LAYER.to_owned(), None)];
        let described = Config::new(config.clone(), CONFIG.to_owned(), None);
        let mut manifest = OciImageManifest::build(&layers, &described, signature.map(annotation));
        manifest.media_type = Some(OCI_IMAGE_MEDIA_TYPE.to_owned());
        Self {
            component,
            config,
            manifest,
        }
    }

    /// Returns what the manifest names, each with its digest.
    pub(super) fn blobs(&self) -> [(String, Vec<u8>); 2] {
        [&self.component, &self.config].map(|it| (format!("sha256:{}", Digest::of(it)), it.clone()))
    }

    pub(super) fn manifest(&self) -> Result<Vec<u8>, Exit> {
        serde_json::to_vec(&self.manifest).map_err(|error| Exit::Fault(error.to_string()))
    }
}

/// The one layer that a manifest must have.
#[derive(Debug)]
pub(super) struct Layer {
    pub(super) digest: Digest,
    pub(super) size: usize,
    pub(super) signature: Option<[u8; 64]>,
}

impl Layer {
    /// Reads a manifest. Where else it says that the layer could be had from is not looked at.
    pub(super) fn of(manifest: &[u8]) -> Result<Self, String> {
        let manifest: OciImageManifest = serde_json::from_slice(manifest)
            .map_err(|_| "is no manifest of an OCI image".to_owned())?;
        if manifest.config.media_type != CONFIG {
            return Err(format!(
                "is no WebAssembly artifact: its config is {}, expected {CONFIG}",
                manifest.config.media_type
            ));
        }
        let [layer] = manifest.layers.as_slice() else {
            let count = manifest.layers.len();
            return Err(format!("has {count} layers, expected one: a component"));
        };
        if layer.media_type != LAYER {
            return Err(format!(
                "has a layer of {}, expected {LAYER}",
                layer.media_type
            ));
        }
        let digest = layer.digest.strip_prefix("sha256:");
        let digest = digest.and_then(|it| it.parse().ok());
        let size = u64::try_from(layer.size).ok().filter(|it| *it <= MAX_SIZE);
        let size = size.and_then(|it| usize::try_from(it).ok());
        let annotations = manifest.annotations.unwrap_or_default();
        let signature = annotations.get(SIGNATURE).map(|it| {
            let bytes = BASE64.decode(it.as_bytes()).ok();
            let bytes = bytes.and_then(|it| it.try_into().ok());
            bytes.ok_or_else(|| format!("has an annotation {SIGNATURE} that is no signature"))
        });
        Ok(Self {
            digest: digest.ok_or("has a layer without a SHA-256")?,
            size: size
                .ok_or_else(|| format!("has too many bytes: a plugin has at most {MAX_SIZE}"))?,
            signature: signature.transpose()?,
        })
    }

    /// Checks what came against what was announced, and that it looks like a component.
    pub(super) fn check(&self, component: &[u8]) -> Result<(), String> {
        if component.len() != self.size || Digest::of(component) != self.digest {
            return Err("is not what its manifest says: bytes were lost or changed".to_owned());
        }
        match Kind::of(component) {
            Kind::Component => Ok(()),
            kind => Err(format!("is {}, expected a component", kind.name())),
        }
    }
}

/// Where a manifest has the component's detached signature.
const SIGNATURE: &str = "countersign.mfa.signature.ed25519";
const CONFIG: &str = "application/vnd.wasm.config.v0+json";
const LAYER: &str = "application/wasm";

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    const COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";

    fn manifest() -> Value {
        json!({
            "schemaVersion": 2,
            "config": { "mediaType": CONFIG, "digest": "sha256:00", "size": 2 },
            "layers": [{
                "mediaType": LAYER,
                "digest": format!("sha256:{}", Digest::of(COMPONENT)),
                "size": COMPONENT.len(),
                "urls": ["http://169.254.169.254/"],
            }],
            "annotations": { SIGNATURE: BASE64.encode(&[7; 64]) },
        })
    }

    fn of(manifest: &Value) -> Result<Layer, String> {
        Layer::of(manifest.to_string().as_bytes())
    }

    #[test]
    fn a_layer_has_the_digest_and_the_size_of_the_component() {
        let layer = of(&manifest()).unwrap();
        assert_eq!(layer.signature, Some([7; 64]));
        layer.check(COMPONENT).unwrap();
        assert!(layer.check(&COMPONENT[..7]).is_err());
        assert!(layer.check(b"\0asm\x01\0\0\0").is_err());
        assert!(Layer::of(b"").is_err());
    }

    #[test]
    fn what_is_no_component_is_told_by_its_first_bytes() {
        let module = b"\0asm\x01\0\0\0";
        let layer = Layer {
            digest: Digest::of(module),
            size: module.len(),
            signature: None,
        };
        let why = layer.check(module).unwrap_err();
        assert!(why.contains("core module"), "{why}");
    }

    #[test]
    fn a_manifest_of_anything_else_is_refused() {
        let layer = &manifest()["layers"][0];
        for (place, value, words) in [
            (
                "/config/mediaType",
                json!("application/json"),
                "no WebAssembly",
            ),
            ("/layers", json!([]), "0 layers"),
            ("/layers", json!([layer, layer]), "2 layers"),
            ("/layers/0/mediaType", json!("text/x"), "text/x"),
            ("/layers/0/digest", json!("sha512:00"), "without a SHA-256"),
            ("/layers/0/size", json!(-1), "too many bytes"),
            ("/layers/0/size", json!(MAX_SIZE + 1), "too many bytes"),
            (
                "/annotations/countersign.mfa.signature.ed25519",
                json!("AA=="),
                "no signature",
            ),
        ] {
            let mut manifest = manifest();
            *manifest.pointer_mut(place).unwrap() = value;
            let why = of(&manifest).unwrap_err();
            assert!(why.contains(words), "{place}: {why}");
        }
    }
}
