//! Cards in the browser: the phone's presentation, the verifier's decision without the centre, and QR codes.
//!
//! Plain WebAssembly, no glue code: JSON goes in and comes out through the module's memory, as `docs/credential.md` describes.
//! Signatures are made and checked by WebCrypto outside; the decision is the same code as the server's.
#![allow(unsafe_code)] // memory is handed over the border of the module by pointer; each place says why it is sound

mod calls;

pub use calls::{Reply, decide, describe, holder_assemble, holder_tbs, qr, signatures};

/// Reserves memory for an input of `len` bytes.
// Exported by name in the module only: natively, a symbol `free` would take the place of the C library's.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn alloc(len: u32) -> *mut u8 {
    Box::into_raw(vec![0u8; len as usize].into_boxed_slice()).cast()
}

/// Gives back memory of [`alloc`] or of a reply (whose length counts its four length bytes).
///
/// # Safety
/// `ptr` and `len` are those of one reservation or reply, not given back before.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub unsafe extern "C" fn free(ptr: *mut u8, len: u32) {
    // Sound as the caller hands back exactly what `alloc` or `reply` handed out: a boxed slice of this length.
    drop(unsafe { Box::from_raw(std::ptr::slice_from_raw_parts_mut(ptr, len as usize)) });
}

/// Reads the input, calls, and writes the reply: four bytes of length, little endian, then JSON.
///
/// # Safety
/// `ptr` and `len` describe initialised memory of [`alloc`] that nothing changes meanwhile.
unsafe fn reply(ptr: *const u8, len: u32, call: fn(&[u8]) -> Reply) -> *mut u8 {
    // Sound by the caller's promise; the memory stays the caller's, who frees it.
    let input = unsafe { std::slice::from_raw_parts(ptr, len as usize) };
    let json = call(input).into_json();
    let mut reply = (json.len() as u32).to_le_bytes().to_vec(); // memory of 32 bits: a longer text cannot exist
    reply.extend_from_slice(json.as_bytes());
    Box::into_raw(reply.into_boxed_slice()).cast()
}

macro_rules! exports {
    ($($(#[$doc:meta])* $export:literal $name:ident => $call:path;)*) => {$(
        $(#[$doc])*
        ///
        /// # Safety
        /// `ptr` and `len` describe initialised memory of [`alloc`] that nothing changes meanwhile.
        #[cfg_attr(target_arch = "wasm32", unsafe(export_name = $export))]
        pub unsafe extern "C" fn $name(ptr: *const u8, len: u32) -> *mut u8 {
            // Sound by this function's own contract, which is the same.
            unsafe { reply(ptr, len, $call) }
        }
    )*};
}

exports! {
    /// See [`calls::signatures`].
    "signatures" export_signatures => calls::signatures;
    /// See [`calls::decide`].
    "decide" export_decide => calls::decide;
    /// See [`calls::describe`].
    "describe" export_describe => calls::describe;
    /// See [`calls::holder_tbs`].
    "holder_tbs" export_holder_tbs => calls::holder_tbs;
    /// See [`calls::holder_assemble`].
    "holder_assemble" export_holder_assemble => calls::holder_assemble;
    /// See [`calls::qr`].
    "qr" export_qr => calls::qr;
}
