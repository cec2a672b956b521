//! One option as it is written: its name, and what stands behind it.

use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{Expr, Lit, Token};

use super::names::{is_list, written};

/// `name = value`, or `name(…)`, or a name alone.
pub(super) struct Setting {
    pub(super) name: Ident,
    pub(super) value: Option<Expr>,
    pub(super) list: Option<TokenStream>,
}

impl Parse for Setting {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if input.peek(Lit) || input.peek(Token![-]) {
            let value: TokenTree = input.parse()?;
            let message = "options have names: `maxsize = 128`, `ttl = 60`";
            return Err(syn::Error::new(value.span(), message));
        }
        let name = Ident::parse_any(input).map_err(|error| {
            syn::Error::new(
                error.span(),
                "expected the name of an option, as in `maxsize = 128`",
            )
        })?;
        let mut setting = Setting {
            name,
            value: None,
            list: None,
        };
        if input.peek(Token![=]) {
            input.parse::<Token![=]>()?;
            if input.is_empty() || input.peek(Token![,]) {
                let message = format!("`{}` needs a value after the `=`", setting.name);
                return Err(syn::Error::new(setting.name.span(), message));
            }
            setting.value = Some(input.parse()?);
        } else if input.peek(syn::token::Paren) {
            let list;
            syn::parenthesized!(list in input);
            setting.list = Some(list.parse::<TokenStream>()?).filter(|list| !list.is_empty());
        } else if !input.is_empty() && !input.peek(Token![,]) {
            let word = setting.name.unraw().to_string();
            let way = if is_list(&word) {
                "this option is a list:"
            } else {
                "options are written `name = value`:"
            };
            let message = format!("{way} `{}`", written(&word));
            return Err(syn::Error::new(setting.name.span(), message));
        }
        Ok(setting)
    }
}

pub(super) fn skip_to_comma(input: ParseStream<'_>) -> syn::Result<()> {
    while !input.is_empty() && !input.peek(Token![,]) {
        input.parse::<TokenTree>()?;
    }
    Ok(())
}
