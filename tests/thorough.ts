// What tests spare outside CI: repetitions of the same, never the only test of something. One place, so that all go by the same sign.

/** Whether nothing is spared: `CI=true npm test`. */
export const thorough: boolean = process.env.CI === 'true';
