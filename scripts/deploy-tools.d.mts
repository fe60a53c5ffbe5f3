/** Helm 3; undefined: there is none. */
export declare function helm(): string | undefined;
/** The command of compose-go, which loads a compose file as `docker compose` does; undefined: there is none. */
export declare function composeSpec(): string | undefined;
