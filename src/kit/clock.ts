// The time, as a dependency: tests move it, production does not.

/** Milliseconds since 1970, UTC. */
export type Clock = () => number

export const systemClock: Clock = () => Date.now()
