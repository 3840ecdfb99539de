use crate::scenarios::shared::*;

/// How much the kernel says of what was wrong with a request.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "NETLINK_CAP_ACK, NETLINK_EXT_ACK and NETLINK_GET_STRICT_CHK are switched on",
    probe,
    &[
        Claim::since(3, 2)
            .shows("cap_ack=ENOPROTOOPT ext_ack=ENOPROTOOPT strict=ENOPROTOOPT")
            .because("an answer is an errno with the whole request"),
        Claim::since(4, 3)
            .shows("cap_ack=ok ext_ack=ENOPROTOOPT strict=ENOPROTOOPT")
            .because("the request can be left out")
            .commit("0a6a3a23ea6e", "netlink: add NETLINK_CAP_ACK socket option"),
        Claim::since(4, 12)
            .shows("cap_ack=ok ext_ack=ok strict=ENOPROTOOPT")
            .because("an answer can have words, and say which part was wrong")
            .commit("2d4bc93368f5", "netlink: extended ACK reporting"),
        Claim::since(4, 20)
            .shows("cap_ack=ok ext_ack=ok strict=ok")
            .because("what a request for a list should not have can be refused")
            .commit(
                "89d35528d17d",
                "netlink: Add new socket option to enable strict checking on dumps",
            ),
    ],
)
.vendors(&[VendorClaim::of("el8")
    .since(147)
    .shows("strict=ok")
    .because("the option of 4.20 is there, in what calls itself 4.18")
    .source("https://github.com/cai-fuqiang/linux-4.18.0-147")]);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    let socket = netlink_socket()?;
    for (name, option) in [("cap_ack", 10), ("ext_ack", 11), ("strict", 12)] {
        let set = set_socket_option(&socket, libc::SOL_NETLINK, option, 1);
        facts.saw_result(name, &set);
    }
    Ok(())
}
