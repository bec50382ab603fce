import { dataDirectoryFromEnvironment, developmentHost, portFromEnvironment, refuseProduction } from '../development-only.ts';
import { createApp } from './app.ts';
import { Book } from './book.ts';

refuseProduction('simulated bank');
const port = portFromEnvironment();
const book = new Book(dataDirectoryFromEnvironment());

const server = createApp(book).listen(port, developmentHost, (error) => {
  if (error) {
    process.stderr.write(`the simulated bank cannot listen on ${developmentHost}:${port}: ${error.message}\n`);
    process.exit(1);
  }
  process.stdout.write(`simulated bank for development at http://${developmentHost}:${port}\n`);
});

const stop = () => {
  server.close(() => {
    book.close();
    process.exit(0);
  });
  server.closeIdleConnections();
};
process.once('SIGTERM', stop);
process.once('SIGINT', stop);
