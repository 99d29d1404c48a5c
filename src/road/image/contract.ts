/** What builds an app's image. */
export interface GeneratedDockerfile {
  readonly text: string;
  /** What stays out of the build context, in the syntax of .dockerignore. */
  readonly dockerignore: string;
  /** What the reader should know, one line each. */
  readonly notes: readonly string[];
}
