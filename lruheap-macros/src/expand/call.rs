//! A call of the cache and what comes after it, for the function itself and for
//! `cache_refresh`; for bodies that run at once and bodies that are awaited.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::Expr;
use syn::spanned::Spanned;

use super::attrs;
use super::hygiene::{at, generated, local, respan};
use super::place::Site;
use super::plan::Plan;
use super::shared::Sharing;

/// The statements that answer a call.
pub(super) fn answer(plan: &Plan<'_>, site: &Site) -> TokenStream {
    if plan.is_async() {
        answer_awaited(plan, site)
    } else if plan.is_key_computed() {
        answer_by_part(plan, site)
    } else {
        answer_at_once(plan, site)
    }
}

/// First looks whether the value is to be had at once. If not, all the rest is done in a
/// function of its own, so that a hit pays nothing for it.
fn answer_at_once(plan: &Plan<'_>, site: &Site) -> TokenStream {
    let private = plan.options.private();
    let (result, asked, name) = (local("result"), local("asked"), local("home"));
    let asked = placed(plan, &asked);
    let (name, home) = (placed(plan, &name).to_token_stream(), plan.home(site));
    let (begin, place, home) = match plan.slot(site) {
        Some(slot) => {
            let fresh = Sharing::of(plan, site).map(|sharing| sharing.fresh(site, &slot));
            (None, fresh.unwrap_or(slot), home)
        }
        None => {
            let begin = quote_spanned!(plan.blamed()=> let #name = #home;);
            (Some(begin), name.clone(), name)
        }
    };
    let part = plan.part(site);
    let found = ask_at(plan, site, &place, ("__at_once", &quote!(&#part)));
    let rest = answer_by(plan, site, &lookup(plan, site, &home, (&asked, &part)));
    let rest = if attrs::tracks_callers(&plan.function.attrs) {
        rest
    } else {
        let span = plan.blamed();
        let private = at(span, &private);
        quote_spanned!(span=> #private::apart(move || { #rest }))
    };
    quote! {
        #begin
        let #asked = match #found {
            #private::Result::Ok(#result) => return #result,
            #private::Result::Err(#asked) => #asked,
        };
        #rest
    }
}

/// The question for the value, the long way.
fn lookup(
    plan: &Plan<'_>,
    site: &Site,
    home: &TokenStream,
    (asked, part): (&Ident, &TokenStream),
) -> TokenStream {
    let values = plan.names.path(&site.of, &plan.names.hidden("values"));
    let Some(Sharing { tier, call, .. }) = Sharing::of(plan, site) else {
        return plan.ask_at(home, "__lookup", &quote!(#asked, #values(), #part));
    };
    let (found, span) = (placed(plan, &local("found")), plan.blamed());
    let lookup = plan.ask_at(home, "__lookup", &quote!(#asked, #values(), &#part));
    quote_spanned! {span=>
        {
            let #found = #lookup;
            let #call = #tier.call(&#found, &#part);
            (#found, #call)
        }
    }
}

/// The same where the key is an expression of the user's: it is worked out once, and kept
/// for the long way.
fn answer_by_part(plan: &Plan<'_>, site: &Site) -> TokenStream {
    let span = plan.blamed();
    let private = at(span, &plan.options.private());
    let placed = |name| placed(plan, &local(name));
    let [home, part, asked, result] = ["home", "part", "asked", "result"].map(placed);
    let name = home.to_token_stream();
    let found = ask_at(
        plan,
        site,
        &name,
        ("__at_once", &quote_spanned!(span=> &#part)),
    );
    let lookup = lookup(plan, site, &name, (&asked, &part.to_token_stream()));
    let (place, key) = (plan.home(site), plan.part(site));
    // What the expression borrows from is there to the end of the statement.
    let lookup = quote_spanned! {span=>
        match (#place, #key) {
            (#home, #part) => match #found {
                #private::Result::Ok(#result) => return #result,
                #private::Result::Err(#asked) => #lookup,
            },
        }
    };
    answer_by(plan, site, &lookup)
}

/// What a call does that was not answered at once, with what `lookup` finds.
fn answer_by(plan: &Plan<'_>, site: &Site, lookup: &TokenStream) -> TokenStream {
    let (found, flight, span) = (local("found"), local("flight"), plan.blamed());
    let private = at(span, &plan.options.private());
    let placed = placed(plan, &found);
    let sharing = Sharing::of(plan, site);
    let tags = tag_list(plan).map(|tags| {
        let private = plan.options.private();
        let give = |tags: &TokenStream| quote!(#private::tags_of(#flight, #tags););
        let give = match &sharing {
            Some(sharing) => sharing.tags(&tags, |list| give(&list.to_token_stream())),
            None => give(&tags),
        };
        quote!(if let #private::Given::Flight(#flight) = &#found { #give })
    });
    if let Some(sharing) = sharing {
        let (call, within) = (sharing.binding(), sharing.within(site));
        let body = sharing.through(site, &body(plan, site));
        return quote_spanned! {span=>
            let (mut #placed, #call) = #lookup;
            #tags
            #private::answer_as(#within, &mut #placed, || #body)
        };
    }
    let (outcome, suffix) = plan.result.outcome(plan.options, &plan.names, &site.of);
    let answer = Ident::new(&format!("answer{suffix}"), span);
    let body = body(plan, site);
    let answer = |body| quote_spanned!(span=> #private::#answer(#outcome, &mut #placed, #body));
    let answer = if attrs::tracks_callers(&plan.function.attrs) {
        // Run here, and not in a closure.
        let result = local("result");
        let outcome = match suffix {
            "" => quote_spanned!(span=> #private::whole(#outcome)),
            _ => outcome.clone(),
        };
        let answer = answer(quote_spanned!(span=> move || #result));
        quote! {
            if let #private::Option::Some(#result) = #private::known(#outcome, &mut #found) {
                return #result;
            }
            let #result = #body;
            #answer
        }
    } else {
        answer(quote_spanned!(span=> || #body))
    };
    quote_spanned! {span=>
        let mut #placed = #lookup;
        #tags
        #answer
    }
}

/// The same for a function that is awaited.
fn answer_awaited(plan: &Plan<'_>, site: &Site) -> TokenStream {
    let private = plan.options.private();
    let (result, flight) = (local("result"), local("flight"));
    // A statement of its own: what the expressions of the key need is gone before
    // anything is awaited, and need not be `Send`.
    let sharing = Sharing::of(plan, site);
    let begin = match &sharing {
        Some(sharing) => {
            let (call, tier) = (&sharing.call, &sharing.tier);
            let begun = ask_sharing(
                plan,
                site,
                "__board",
                |flight, part| quote_spanned!(plan.blamed()=> let #call = #tier.call_of(&#flight, &#part);),
            );
            let (flight, call) = (placed(plan, &flight), sharing.binding());
            quote!(let (#flight, #call) = #begun;)
        }
        None => {
            let boarding = ask(plan, site, "__board");
            quote!(let #flight = #boarding;)
        }
    };
    let span = plan.blamed();
    let (waiting, at_span) = (placed(plan, &flight), at(span, &private));
    let found = quote_spanned!(span=> #at_span::wait(#waiting).await);
    let land = land(plan, site, &flight);
    quote! {
        #begin
        let #flight = match #found {
            #private::Result::Ok(#result) => return #result,
            #private::Result::Err(#flight) => #flight,
        };
        #land
    }
}

/// The statements that run the body whatever the cache holds.
pub(super) fn refresh(plan: &Plan<'_>, site: &Site) -> TokenStream {
    let flight = local("flight");
    let what = if plan.is_async() {
        "__board_anew"
    } else {
        "__refresh"
    };
    let land = land(plan, site, &flight);
    if let Some(sharing) = Sharing::of(plan, site) {
        let (call, tier) = (&sharing.call, &sharing.tier);
        let begun = ask_sharing(
            plan,
            site,
            what,
            |_, part| quote_spanned!(plan.blamed()=> let #call = #tier.anew(&#part);),
        );
        let (flight, call) = (placed(plan, &flight), sharing.binding());
        return quote! {
            let (#flight, #call) = #begun;
            #land
        };
    }
    let refresh = ask(plan, site, what);
    quote! {
        let #flight = #refresh;
        #land
    }
}

/// The same question, and the call of the store that `call` makes of the answer and the key,
/// which is worked out once.
fn ask_sharing(
    plan: &Plan<'_>,
    site: &Site,
    what: &str,
    call: impl FnOnce(&Ident, &Ident) -> TokenStream,
) -> TokenStream {
    let names = ["home", "part", "flight", "call"].map(|name| placed(plan, &local(name)));
    let [home, part, flight, bound] = &names;
    let found = ask_at(
        plan,
        site,
        &home.to_token_stream(),
        (what, &quote_spanned!(plan.blamed()=> &#part)),
    );
    let (place, key, call) = (plan.home(site), plan.part(site), call(flight, part));
    quote_spanned! {plan.blamed()=>
        match (#place, #key) {
            (#home, #part) => {
                let #flight = #found;
                #call
                (#flight, #bound)
            }
        }
    }
}

/// A question that the whole of a result is the answer to.
fn ask(plan: &Plan<'_>, site: &Site, what: &str) -> TokenStream {
    ask_at(plan, site, &plan.home(site), (what, &plan.part(site)))
}

/// The same of what is found in this place, with this for a key.
fn ask_at(
    plan: &Plan<'_>,
    site: &Site,
    place: &TokenStream,
    (what, part): (&str, &TokenStream),
) -> TokenStream {
    let (outcome, suffix) = plan.result.outcome(plan.options, &plan.names, &site.of);
    plan.ask_at(place, &format!("{what}{suffix}"), &quote!(#outcome, #part))
}

/// Runs the body and gives its result to the flight.
fn land(plan: &Plan<'_>, site: &Site, flight: &Ident) -> TokenStream {
    let (span, body, mut tags) = (plan.blamed(), body(plan, site), tags(plan, flight));
    let private = at(span, &plan.options.private());
    let flight = placed(plan, flight);
    let sharing = Sharing::of(plan, site);
    // One that is awaited stays where it is, and the store is given a reference to it.
    let asleep = placed(plan, &local("asleep"));
    let laid = (sharing.is_some() && plan.is_async()).then(
        || quote_spanned!(span=> let #asleep = #private::pin!(#private::Option::Some(#body));),
    );
    let body = match sharing {
        Some(sharing) => {
            let call = &sharing.call;
            let given = tag_list(plan).map(|list| {
                let private = plan.options.private();
                sharing.tags(&list, |list| quote!(#private::tags(&#flight, #list);))
            });
            tags = Some(quote_spanned!(span=> #given let #flight = #call.__bind(#flight);));
            let body = laid.as_ref().map_or(body, |_| asleep.to_token_stream());
            sharing.through(site, &body)
        }
        None => body,
    };
    let end = if plan.is_async() {
        // The body is dropped before the flight: what it holds is free again when
        // another call runs it.
        let (running, result) = (placed(plan, &local("body")), placed(plan, &local("result")));
        quote_spanned! {span=>
            let mut #flight = #private::Option::Some(#flight);
            #laid
            let #running = #private::pin!(#body);
            let #result = #private::lead(&mut #flight, #running).await;
            #result
        }
    } else {
        quote_spanned!(span=> #private::finish(#flight, #body))
    };
    quote!(#tags #end)
}

/// The flight, where the blame would fall.
fn placed(plan: &Plan<'_>, flight: &Ident) -> Ident {
    let mut flight = flight.clone();
    flight.set_span(flight.span().located_at(plan.blamed()));
    flight
}

/// A call of the body, as an expression.
fn body(plan: &Plan<'_>, site: &Site) -> TokenStream {
    let names = plan.args.iter().map(|arg| arg.name.to_token_stream());
    let arguments = site.owned_this.iter().cloned().chain(names);
    let body = plan.names.path(&site.of, &plan.names.control("uncached"));
    let call = quote!(#body(#(#arguments),*));
    match plan.function.unsafety() {
        // SAFETY of what is written here: the caller has promised the same.
        Some(_) => quote!(unsafe { #call }),
        None => call,
    }
}

/// Gives the flight its tags, while the arguments are still there.
fn tags(plan: &Plan<'_>, flight: &Ident) -> Option<TokenStream> {
    let (tags, private) = (tag_list(plan)?, plan.options.private());
    Some(quote!(#private::tags(&#flight, #tags);))
}

/// The tags of a call, as an expression.
fn tag_list(plan: &Plan<'_>) -> Option<TokenStream> {
    let tags = plan.options.tags.as_ref()?;
    let private = plan.options.private();
    let tag = |tag: &Expr| {
        // All of it where the expression stands: it may be no string.
        let span = generated(tag.span());
        let (private, tag) = (at(span, &private), respan(tag.to_token_stream()));
        quote_spanned!(span=> #private::tag(&(#tag)))
    };
    let tags = tags.tags.iter().map(tag);
    Some(quote!([#(#tags),*]))
}

/// `cache_insert` of a function.
pub(super) fn insert(
    plan: &Plan<'_>,
    site: &Site,
    values: &TokenStream,
    value: &Ident,
) -> TokenStream {
    let part = plan.part(site);
    if let Some(Sharing { tier, .. }) = Sharing::of(plan, site) {
        let [home, own, list, call] = ["home", "part", "tags", "call"].map(local);
        let private = plan.options.private();
        let (place, tags) = (
            plan.home(site),
            tag_list(plan).unwrap_or_else(|| quote!([])),
        );
        return quote! {
            match (#place, #part, #tags) {
                (#home, #own, #list) => {
                    let #call = #tier.insert(&#own, &#list, &#values, &#value);
                    #home.__insert_tagged(#call.__within(#private::whole(#values)), #list, &#own, #value);
                }
            }
        };
    }
    match tag_list(plan) {
        Some(tags) => plan.ask(
            site,
            "__insert_tagged",
            &quote!(#values, #tags, #part, #value),
        ),
        None => plan.ask(site, "__insert", &quote!(#values, #part, #value)),
    }
}

/// `cache_remove` of a function.
pub(super) fn remove(plan: &Plan<'_>, site: &Site, values: &TokenStream) -> TokenStream {
    let part = plan.part(site);
    let Some(Sharing { tier, .. }) = Sharing::of(plan, site) else {
        return plan.ask(site, "__remove", &quote!(#values, #part));
    };
    let [home, own, gone] = ["home", "part", "gone"].map(local);
    let (place, tags) = (
        plan.home(site),
        tag_list(plan).unwrap_or_else(|| quote!([])),
    );
    quote! {
        match (#place, #part) {
            (#home, #own) => {
                // First where all others look: nothing comes back from there.
                let #gone = #tier.remove(&#own, &#tags);
                #home.__remove(#values, &#own).or(#gone)
            }
        }
    }
}

/// A control of a method that concerns one entry, and may be `cache_insert`.
pub(super) fn control(
    plan: &Plan<'_>,
    site: &Site,
    values: &TokenStream,
    ask: &Ident,
) -> TokenStream {
    let part = plan.part(site);
    match tag_list(plan) {
        Some(tags) => plan.ask(
            site,
            "__control_tagged",
            &quote!(#values, #part, || #tags, #ask),
        ),
        None => plan.ask(site, "__control", &quote!(#values, #part, #ask)),
    }
}
