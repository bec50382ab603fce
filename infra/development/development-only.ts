/** A part that stands in for something real must never run where real money moves: it exits before it listens. */
export const refuseProduction = (part: string): void => {
  if (process.env.NODE_ENV !== 'production') return;
  process.stderr.write(`the ${part} is for development only and does not start with NODE_ENV=production\n`);
  process.exit(1);
};

/** Every development server is for this machine alone. */
export const developmentHost = '127.0.0.1';

/** The port of a development server, from the environment; anything else than a port number ends the process with one line. */
export const portFromEnvironment = (): number => {
  const port = Number(process.env.PORT);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  process.stderr.write('PORT must be set to a port number, such as PORT=7401\n');
  return process.exit(1);
};

/** The directory of a development server, from the environment. */
export const dataDirectoryFromEnvironment = (): string => {
  const directory = process.env.DATA_DIR;
  if (directory) return directory;
  process.stderr.write('DATA_DIR must be set to a directory this process may write to\n');
  return process.exit(1);
};
