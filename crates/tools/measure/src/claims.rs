//! The claims, in the lecture's order.

mod bytes_on_the_wire;
mod first_answer;
mod many_clients;
mod message_broker;
mod one_request;
mod polling_or_push;
mod quality_of_service;
mod round_trips;
mod without_broker;

use crate::claim::Claim;

pub const ALL: &[Claim] = &[
    first_answer::CLAIM,
    many_clients::CLAIM,
    one_request::CLAIM,
    polling_or_push::CLAIM,
    bytes_on_the_wire::CLAIM,
    quality_of_service::CLAIM,
    message_broker::CLAIM,
    without_broker::CLAIM,
    round_trips::CLAIM,
];

pub fn find(number: u32) -> Option<&'static Claim> {
    ALL.iter().find(|claim| claim.number == number)
}
