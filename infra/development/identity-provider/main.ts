import { dataDirectoryFromEnvironment, developmentHost, portFromEnvironment, refuseProduction } from '../development-only.ts';
import { createApp } from './app.ts';
import { createProvider } from './provider.ts';
import { signingKey } from './signing-key.ts';

refuseProduction('identity provider');
const port = portFromEnvironment();
const issuer = process.env.ISSUER ?? `http://${developmentHost}:${port}`;
const provider = createProvider(issuer, await signingKey(dataDirectoryFromEnvironment()));

const server = createApp(provider).listen(port, developmentHost, (error) => {
  if (error) {
    process.stderr.write(`the identity provider cannot listen on ${developmentHost}:${port}: ${error.message}\n`);
    process.exit(1);
  }
  process.stdout.write(`identity provider for development at ${issuer}\n`);
});

const stop = () => {
  server.close(() => process.exit(0));
  server.closeIdleConnections();
};
process.once('SIGTERM', stop);
process.once('SIGINT', stop);
