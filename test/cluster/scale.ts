// How much of it: `npm test` shows each of these in seconds, `npm run test:cluster` in full.

export const inFull = process.env['CLUSTER'] === 'full'
