/** The most members of a cluster: every frame of a member names an incarnation of each. */
export const MAX_MEMBERS: number = 99;

/** The most former members whose incarnations a node knows one by one. */
export const MAX_FORMER: number = 100;
