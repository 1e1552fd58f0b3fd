// `eider check`: everything that is kept, verified. The store looks at its own invariants; what spans the stores is
// looked at here: that every blob is what its name says.

import type { Finding } from '../store/maintenance.js'
import type { Services } from './services.js'

export async function* checkEverything(
  services: Services,
  options: { readonly repair: boolean },
): AsyncGenerator<Finding, void, undefined> {
  yield* services.store.check(options)
  for await (const { hash, size, computed } of services.blobs.verify()) {
    if (hash === computed) continue
    yield { kind: 'blob', where: `blob ${hash}`, problem: `its ${size} octets have the hash ${computed}` }
  }
}
