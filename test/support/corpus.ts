// The corpus of real messages beside the repository (`SHARED` names another place). Tests that read it say so and skip
// where it is not there.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { required } from '../wire/required.js'

const SHARED = process.env['SHARED'] ?? join(process.cwd(), '..', 'shared')
const CORPUS = join(SHARED, 'corpus')

export interface CorpusMessage {
  /** Path within the corpus. */
  readonly name: string
  readonly source: Buffer
}

export const corpusIsThere = existsSync(CORPUS)
required(corpusIsThere, `the corpus at ${CORPUS} (set SHARED to the folder that holds corpus/)`)

/** Every message, by name. */
export function readCorpus(): CorpusMessage[] {
  if (!corpusIsThere) return []
  return readdirSync(CORPUS, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .map((path) => ({ name: relative(CORPUS, path), source: readFileSync(path) }))
}
