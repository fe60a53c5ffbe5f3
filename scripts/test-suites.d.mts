/** A Python that has OpenStack Swift; undefined: there is none. */
export declare function swiftPython(): string | undefined;
/** The Redis that tests start; undefined: there is none. */
export declare function redisServer(): string | undefined;
