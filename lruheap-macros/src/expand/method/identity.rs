//! What the caches behind one static are told apart by: a closure in a function
//! that has the parameters which matter.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::GenericParam;

use super::Method;
use crate::expand::generics::as_argument;
use crate::expand::hygiene::respan;

impl Method<'_> {
    /// The method's own parameters that make instantiations. Those of the block
    /// and of the trait always do.
    fn parameters(&self) -> impl Iterator<Item = &GenericParam> {
        let plan = self.plan;
        let params = plan.function.sig.generics.params.iter();
        params.filter(|param| match param {
            GenericParam::Lifetime(_) => false,
            GenericParam::Type(param) => plan.is_instantiated() && !plan.is_left_out(param),
            GenericParam::Const(_) => plan.is_instantiated(),
        })
    }

    /// The function that tells which instantiation it is in.
    pub(super) fn identity(&self) -> TokenStream {
        let (private, lints) = (self.private(), &self.lints);
        let name = self.plan.names.hidden("identity");
        let params: Vec<TokenStream> = self
            .parameters()
            .map(|param| match param {
                GenericParam::Const(param) => {
                    let (name, ty) = (&param.ident, respan(param.ty.to_token_stream()));
                    quote!(const #name: #ty)
                }
                param => {
                    let name = as_argument(param);
                    quote!(#name: ?#private::Sized)
                }
            })
            .collect();
        let params = (!params.is_empty()).then(|| quote!(<#(#params),*>));
        let sized = self.plan.names.self_sized();
        quote! {
            #lints
            #[inline]
            fn #name #params() -> #private::TypeId #sized { #private::identity(|| {}) }
        }
    }

    /// A call of it.
    pub(super) fn identified(&self) -> TokenStream {
        let name = self.plan.names.hidden("identity");
        let params = self.parameters().map(as_argument);
        let params: Vec<TokenStream> = params.collect();
        let params = (!params.is_empty()).then(|| quote!(::<#(#params),*>));
        quote!(Self::#name #params())
    }
}
