// SEARCH over a large mailbox for words whose number of hits is known, so that a fast wrong answer fails.
import { madeFrom, RARE_SUBJECT, RARE_TEXT } from '../messages.js'
import { thousands } from '../plan.js'
import type { Row } from '../row.js'
import { expectCount } from '../target.js'
import { largeCount, largeMailbox, openSelected } from './large-mailbox.js'

function row(name: string, key: 'SUBJECT' | 'TEXT', word: string, template: number, goal: number): Row {
  return {
    name,
    repeats: 3,
    figures: (plan) => [
      { key: name, label: `SEARCH ${key}, ${thousands(largeCount(plan))}`, unit: 'ms', goal, better: 'less' },
    ],
    async begin(target) {
      const mailbox = await largeMailbox(target)
      const connection = await openSelected(target, mailbox)
      const expected = madeFrom(template, mailbox.first, mailbox.count)
      return {
        async measure() {
          connection.scanner.resetCounts()
          const command = `SEARCH 1:${mailbox.count} ${key} "${word}"`
          await target.timed(name, 1, () => connection.command(command))
          expectCount('hits', connection.scanner.searchHits, expected)
        },
        end: () => connection.logout(),
      }
    },
  }
}

export const searchSubject = row('search-subject', 'SUBJECT', RARE_SUBJECT.word, RARE_SUBJECT.template, 40)
export const searchText = row('search-text', 'TEXT', RARE_TEXT.phrase, RARE_TEXT.template, 100)
