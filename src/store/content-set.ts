// The contents of an account that something names: what the collector and `check` mark. docs/architecture.md, "What is kept
// for what is gone".

/** A set of content numbers, a bit each. */
export class ContentSet {
  #bits = new Uint8Array(1024)

  add(content: number): void {
    const octet = content >>> 3
    if (octet >= this.#bits.length) {
      const larger = new Uint8Array(Math.max(octet + 1, this.#bits.length * 2))
      larger.set(this.#bits)
      this.#bits = larger
    }
    this.#bits[octet] = (this.#bits[octet] ?? 0) | (1 << (content & 7))
  }

  has(content: number): boolean {
    return ((this.#bits[content >>> 3] ?? 0) & (1 << (content & 7))) !== 0
  }
}
