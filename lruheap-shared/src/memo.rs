//! What generated code calls. Not for use by hand: nothing in here is covered by semantic
//! versioning.

pub use crate::call::{Call, CanRefuse, refuses};
pub use crate::codec::{
    Codec, Encoded, EncodedKey, SharedKey, SharedValue, codec0, codec1, codec2, codec3, codec4,
    codec5, codec6, codec7, codec8, codec9, codec10, codec11, codec12, encoded,
};
pub use crate::terms::Terms;
pub use crate::tier::{Fresh, Tier, Tiers};
pub use crate::within::Within;
