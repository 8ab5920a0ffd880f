// The protocol of tests/hosts/README.md: a line of JSON for a line of JSON.

import { createInterface } from 'node:readline';

import { parse, parseNumberAndBigInt, stringify } from 'lossless-json';

/** Answers the lines of a stream until it ends. `refused` is why there is no plugin, where there is none. */
export async function serve({ input, output, begin, refused }) {
  let world;
  const answer = (request) => {
    switch (request.op) {
      case 'hello':
        return refused === undefined ? HELLO : { refused };
      case 'begin':
        world = begin(request.seed);
        return {};
      case 'call':
        return { answer: world.call(request) };
      case 'race':
        return { answers: world.race(request) };
      case 'end-fault':
        return { fired: world.endFault() };
      case 'look':
        return world.look(request);
      default:
        if (!Object.hasOwn(CONTROLS, request.op)) return { fault: 'unsupported' };
        CONTROLS[request.op](world, request);
        return {};
    }
  };
  for await (const line of createInterface({ input })) {
    let answered;
    try {
      // JSON.parse would round whatever is above 2^53. Whole numbers become bigints.
      answered = answer(parse(line, undefined, parseNumberAndBigInt));
    } catch (error) {
      answered = { fault: `${error.name}: ${error.message}` };
    }
    output.write(`${stringify(answered)}\n`);
  }
}

const CONTROLS = {
  clock: (world, request) => world.setClock(request),
  'clock-fails': (world, request) => world.breakClock(request),
  random: (world, request) => world.breakRandom(request),
  line: (world, request) => world.breakLine(request),
  fate: (world, request) => world.destine(request),
  'rotate-keys': (world) => world.rotateKeys(),
  tamper: (world, request) => world.tamper(request),
  restart: (world) => world.restart(),
  fault: (world, request) => world.planFault(request),
};

const HELLO = {
  protocol: 1,
  host: 'node-jco',
  abilities: [
    ...['clock-faults', 'random-faults', 'line-faults', 'import-faults', 'rotate-keys', 'tamper', 'restart', 'race'],
    ...['events', 'records', 'messages'],
  ],
};
