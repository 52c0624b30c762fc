//! What a phone signs besides the card: the session transcript of OpenID4VP 1.0, appendix B.2.6.

use credential::cbor::Writer;

use crate::sha256;

const NULL: u8 = 0xF6;

/// One question, as both ends must have understood it. An answer signed for another name, nonce, key or address does not hold.
#[derive(Debug, Clone, Copy)]
pub struct Handover<'a> {
    /// Who asks, with the prefix of the name.
    pub client_id: &'a str,
    /// What makes this question unlike any other.
    pub nonce: &'a str,
    /// The thumbprint (RFC 7638, SHA-256) of the key the answer is encrypted to.
    pub key: [u8; 32],
    /// Where the answer is posted.
    pub response_uri: &'a str,
}

impl Handover<'_> {
    /// The SessionTranscript of an invocation by links and redirects (appendix B.2.6.1), CBOR.
    pub fn transcript(&self) -> Vec<u8> {
        let mut info = Writer::new();
        info.array(4).text(self.client_id).text(self.nonce).bytes(&self.key).text(self.response_uri);
        let mut transcript = Writer::new();
        transcript.array(3).raw(&[NULL, NULL]).array(2).text("OpenID4VPHandover").bytes(&sha256(&info.done()));
        transcript.done()
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;
    use crate::thumbprint;

    /// The example of OpenID4VP 1.0, appendix B.2.6.1.
    #[test]
    fn the_transcript_is_that_of_the_standard() {
        let coordinate = |text| URL_SAFE_NO_PAD.decode(text).unwrap();
        let key = thumbprint(
            &coordinate("DxiH5Q4Yx3UrukE2lWCErq8N8bqC9CHLLrAwLz5BmE0"),
            &coordinate("XtLM4-3h5o3HUH0MHVJV0kyq0iBlrBwlh8qEDMZ4-Pc"),
        );
        assert_eq!(hex::encode(key), "4283ec927ae0f208daaa2d026a814f2b22dca52cf85ffa8f3f8626c6bd669047");
        let handover = Handover {
            client_id: "x509_san_dns:example.com",
            nonce: "exc7gBkxjx1rdc9udRrveKvSsJIq80avlXeLHhGwqtA",
            key,
            response_uri: "https://example.com/response",
        };
        let expected = "83f6f682714f70656e494434565048616e646f7665725820048bc053c00442af9b8eed494cefdd9d95240d254b046b11b68013722aad38ac";
        assert_eq!(hex::encode(handover.transcript()), expected);
    }
}
