"use client";
// Where requests or copies of them go: a service, a version of it, a port. Rule: the port is asked only where there is a choice.
import { type Destination, type Path, serviceRefKey } from "@/lib/mesh";
import { ChoiceField, NumberField } from "./fields";
import { usePolicyForm } from "./form-context";
import { Row } from "./parts";
import { ServiceField } from "./reference-fields";

export type Place = Pick<Destination, "service" | "subset" | "port">;

export const placeName = ({ service, subset }: Place) => [service.name, subset].filter(Boolean).join(" ");

export function PlaceFields({ path, place }: { path: Path; place: Place }) {
  const { index, object } = usePolicyForm();
  const service = serviceRefKey(place.service, object);
  const ports = index.find("Service", service)?.spec.ports ?? [];
  return (
    <Row>
      <ServiceField path={[...path, "service"]} label="Service" value={place.service} isPlain />
      <ChoiceField
        path={[...path, "subset"]}
        label="Subset"
        description=""
        value={place.subset}
        placeholder="all of it"
        choices={index.subsetsOf(service).map((each) => each.spec.name)}
      />
      {ports.length > 1 || place.port !== undefined ? (
        <NumberField path={[...path, "port"]} label="Port" description="" value={place.port} placeholder="as called" />
      ) : null}
    </Row>
  );
}
