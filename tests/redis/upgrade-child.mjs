// One coordinator process of the upgrade test: argv[2] is its settings as JSON. Tells its URL, stops cleanly at SIGTERM.
import { flushCompileCache } from 'node:module';
import { Coordinator, parseSettings } from '@xaynet/coordinator';

const coordinator = await Coordinator.start(parseSettings(JSON.parse(process.argv[2])));
process.once('SIGTERM', async () => {
  await coordinator.stop();
  process.exit(0);
});
process.send({ url: coordinator.url });
flushCompileCache(); // those that come after need not compile it again
process.once('disconnect', () => process.exit(1));
