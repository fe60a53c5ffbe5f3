// `npm start` and `npm run xaynet`: sets up what is missing, then becomes the command. One process that npm can pass signals to:
// with `a && b` a SIGTERM would end the shell between them and leave the command running.
await import('./setup.mjs');
await import('../packages/xaynet/bin/xaynet.mjs');
