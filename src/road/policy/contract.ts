import type { Container, PodSpec } from '../../engine/kinds/index.ts';

export type PolicySeverity = 'error' | 'warning' | 'note';

/** Something in Kubernetes YAML that does not hold or will hurt. */
export interface PolicyFinding {
  /** `readiness-probe-missing`. */
  readonly rule: string;
  /** The factor of the twelve that it breaks: `config`. */
  readonly factor?: string;
  readonly severity: PolicySeverity;
  /** As the path was given, with what lies below it: `k8s/base/web.yaml`. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** `deployment/shop: container app has no readiness probe`. */
  readonly message: string;
  /** The way out. */
  readonly fix: string;
}

/** Keys and indices that lead to a value: `['spec', 'ports', 0, 'port']`. */
export type Path = readonly (string | number)[];

/** Where a rule found something. */
export interface Hit {
  readonly path: Path;
  /** What is wrong, without the object's name. */
  readonly message: string;
  /** In place of the rule's own. */
  readonly severity?: PolicySeverity;
  /** In place of the rule's own. */
  readonly fix?: string;
}

/** One rule; all of them stand in one table. */
export interface PolicyRule {
  readonly id: string;
  readonly factor?: string;
  readonly severity: PolicySeverity;
  /** Kinds it looks at; empty: all. */
  readonly kinds: readonly string[];
  readonly what: string;
  /** Why it matters, to somebody who has read nothing about Kubernetes. */
  readonly why: string;
  readonly fix: string;
  find(subject: Subject, scope: Scope): Iterable<Hit>;
}

/** A document of a file, with its places. */
export interface SourceDocument {
  readonly value: unknown;
  readonly file: string;
  /** Keys that stand twice: `duplicate field "spec.replicas"`. */
  readonly duplicates: readonly string[];
  /** The line of the value at a path, or of the nearest thing around it that is written. */
  lineOf(path: Path): number;
}

/** One object that rules look at. */
export interface Subject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  /** Undefined when the file does not say. */
  readonly namespace: string | undefined;
  /** As it is written. */
  readonly written: Readonly<Record<string, unknown>>;
  /** The same with unknown fields and values of the wrong type left out, fit to be read by its type. */
  readonly object: Readonly<Record<string, unknown>>;
  readonly document: SourceDocument;
  /** Where the object stands within its document: empty, or `['items', 3]`. */
  readonly at: Path;
  /** The pods it makes. */
  readonly pod: PodView | undefined;
  /** Made by a generator of kustomize, so nothing of it stands in a file as it is. */
  readonly generated: boolean;
}

/** The pods that an object makes. */
export interface PodView {
  readonly spec: PodSpec;
  /** Path of the spec within the object. */
  readonly path: Path;
  readonly labels: Readonly<Record<string, string>>;
  readonly containers: readonly ContainerView[];
}

export interface ContainerView {
  readonly container: Container;
  readonly path: Path;
  /** Runs to its end before the others. A sidecar (`restartPolicy: Always`) is not one. */
  readonly initial: boolean;
}

/** Objects that are applied together: one overlay, one folder, or the files that were named. */
export interface Scope {
  readonly subjects: readonly Subject[];
  /** Only some files were named, so what is not in them may be elsewhere. */
  readonly partial: boolean;
  ofKind(...kinds: string[]): readonly Subject[];
  /** By name, in the namespace of `from`; an object that names no namespace is in each. */
  find(kind: string, name: string, from: Subject): Subject | undefined;
  /** Objects that make pods with these labels, in the namespace of `from`. */
  withPods(selector: Readonly<Record<string, string>>, from: Subject): readonly Subject[];
  /** Services that lead to the pods of a subject. */
  servicesOf(subject: Subject): readonly Subject[];
}
