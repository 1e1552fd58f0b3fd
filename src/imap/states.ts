// The states of a session (RFC 3501 §3) and the sets of them that commands are for.

export type State = 'not authenticated' | 'authenticated' | 'selected'

export const ANY_STATE: readonly State[] = ['not authenticated', 'authenticated', 'selected']
export const LOGGED_IN: readonly State[] = ['authenticated', 'selected']
export const SELECTED: readonly State[] = ['selected']
export const NOT_LOGGED_IN: readonly State[] = ['not authenticated']
