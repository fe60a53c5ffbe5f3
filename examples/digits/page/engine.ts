// The worker that the engine of the participant runs in. All that leaves a tab leaves from here, so here is the place to show it: what is
// posted is also told to the page, which draws it. A page that shows nothing bundles '@xaynet/participant/browser/worker' alone.
import './watch-sent.ts';
import '@xaynet/participant/browser/worker';
