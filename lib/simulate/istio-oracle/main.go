// Command istio-oracle says what istiod would make of manifests: one JSON question a line in, one JSON answer a line out.
// The rule: nothing is decided here. Istio's own code validates, keeps and translates; this program only gives it a cluster without nodes,
// in which every Deployment is one ready pod with a sidecar.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"sort"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"istio.io/istio/pilot/pkg/config/kube/crd"
	"istio.io/istio/pilot/pkg/model"
	"istio.io/istio/pilot/pkg/networking/util"
	labelutil "istio.io/istio/pilot/pkg/serviceregistry/util/label"
	"istio.io/istio/pilot/test/xds"
	"istio.io/istio/pkg/config"
	"istio.io/istio/pkg/config/mesh"
	"istio.io/istio/pkg/config/schema/collections"
	"istio.io/istio/pkg/config/schema/gvk"
	"istio.io/istio/pkg/log"
	pm "istio.io/istio/pkg/model"
	"istio.io/istio/pkg/spiffe"
	"istio.io/istio/pkg/test"
)

// maxLine is the longest question, in bytes.
const maxLine = 64 << 20

// proxyVersion is what the sidecars say of themselves: features that istiod turns on for later ones are on.
const proxyVersion = "1.31.0"

type question struct {
	// Manifests are YAML documents of Istio and Kubernetes.
	Manifests string `json:"manifests"`
	// MeshConfig is YAML; empty is Istio's default.
	MeshConfig string `json:"meshConfig"`
}

type refusal struct {
	Kind      string `json:"kind"`
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	Message   string `json:"message"`
}

type proxyAnswer struct {
	Type           string            `json:"type"`
	Address        string            `json:"address"`
	ServiceAccount string            `json:"serviceAccount"`
	Labels         map[string]string `json:"labels"`
	Listeners      []json.RawMessage `json:"listeners"`
	Routes         []json.RawMessage `json:"routes"`
	Clusters       []json.RawMessage `json:"clusters"`
	Endpoints      []json.RawMessage `json:"endpoints"`
}

type answer struct {
	// Refused are resources that admission does not take; they have no effect on the rest.
	Refused []refusal `json:"refused"`
	// Warned are those that it takes with a warning.
	Warned []refusal `json:"warned"`
	// Addresses are those of Kubernetes services, by namespace/name.
	Addresses map[string]string `json:"addresses"`
	// Gateways are the proxies of Gateway resources, both as namespace/name.
	Gateways map[string]string `json:"gateways"`
	// Owners are what runs at the addresses of pods, as namespace/name.
	Owners map[string]string `json:"owners"`
	// Proxies are by namespace/name of what they run beside.
	Proxies map[string]proxyAnswer `json:"proxies"`
	// Error is what nothing could be made of.
	Error string `json:"error,omitempty"`
}

func main() {
	quiet()
	// Key sets are looked for at addresses that are not there.
	http.DefaultTransport = nowhere{}
	out := json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(make([]byte, 1<<20), maxLine)
	for in.Scan() {
		var asked question
		said := &answer{}
		if err := json.Unmarshal(in.Bytes(), &asked); err != nil {
			said.Error = err.Error()
		} else if err := test.Wrap(func(t test.Failer) { said = answerTo(t, asked) }); err != nil {
			said.Error = err.Error()
		}
		if err := out.Encode(said); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	if err := in.Err(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

type nowhere struct{}

func (nowhere) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, fmt.Errorf("the oracle asks nobody")
}

func quiet() {
	options := log.DefaultOptions()
	options.OutputPaths = []string{"stderr"}
	options.SetDefaultOutputLevel(log.OverrideScopeName, log.NoneLevel)
	_ = log.Configure(options)
}

func answerTo(t test.Failer, asked question) *answer {
	said := &answer{
		Refused: []refusal{}, Warned: []refusal{},
		Addresses: map[string]string{}, Owners: map[string]string{}, Proxies: map[string]proxyAnswer{},
	}
	meshConfig := mesh.DefaultMeshConfig()
	if asked.MeshConfig != "" {
		read, err := mesh.ApplyMeshConfig(asked.MeshConfig, meshConfig)
		if err != nil {
			t.Fatalf("mesh config: %v", err)
		}
		meshConfig = read
	}
	configs, objects := readManifests(t, asked.Manifests, said)
	ground := groundOf(objects, configs)
	said.Gateways = ground.gateways
	for _, each := range ground.services {
		said.Addresses[each.Namespace+"/"+each.Name] = each.Spec.ClusterIP
	}
	server := xds.NewFakeDiscoveryServer(t, xds.FakeOptions{
		Configs:           configs,
		KubernetesObjects: ground.objects(),
		MeshConfig:        meshConfig,
	})
	// VirtualServices are put together beside the rest: what is asked is what they are in the end.
	server.Discovery.ConfigUpdate(&model.PushRequest{Forced: true})
	server.EnsureSynced(t)
	for _, pod := range ground.pods {
		owner := pod.Namespace + "/" + pod.Annotations[ownerAnnotation]
		said.Owners[pod.Status.PodIP] = owner
		if isBare(pod.ObjectMeta) {
			continue
		}
		said.Proxies[owner] = proxyOf(t, server, pod, meshConfig.TrustDomain)
	}
	return said
}

func proxyOf(t test.Failer, server *xds.FakeDiscoveryServer, pod *corev1.Pod, trustDomain string) proxyAnswer {
	account := pod.Spec.ServiceAccountName
	kind := model.SidecarProxy
	if pod.Annotations[gatewayAnnotation] == "true" {
		kind = model.Router
	}
	// As the registry of Kubernetes says where a pod is, and what a proxy is labelled with before it is asked about.
	place := pm.SanitizeLocalityLabel(pm.GetLocalityLabel(pod.Labels))
	labels := labelutil.AugmentLabels(pod.Labels, "Kubernetes", place, "", "")
	proxy := server.SetupProxy(&model.Proxy{
		Locality:        util.ConvertLocality(place),
		ID:              pod.Name + "." + pod.Namespace,
		Type:            kind,
		IPAddresses:     []string{pod.Status.PodIP},
		ConfigNamespace: pod.Namespace,
		Labels:          labels,
		VerifiedIdentity: &spiffe.Identity{
			TrustDomain: trustDomain, Namespace: pod.Namespace, ServiceAccount: account,
		},
		Metadata: &model.NodeMetadata{
			Namespace:      pod.Namespace,
			Labels:         pod.Labels,
			ServiceAccount: account,
			WorkloadName:   pod.Annotations[ownerAnnotation],
			IstioVersion:   proxyVersion,
			ClusterID:      "Kubernetes",
		},
	})
	listeners := server.Listeners(proxy)
	return proxyAnswer{
		Type:           string(kind),
		Address:        pod.Status.PodIP,
		ServiceAccount: account,
		Labels:         pod.Labels,
		Listeners:      texts(t, listeners),
		Routes:         texts(t, server.RoutesFromListeners(proxy, listeners)),
		Clusters:       texts(t, server.Clusters(proxy)),
		Endpoints:      texts(t, server.Endpoints(proxy)),
	}
}

func texts[M proto.Message](t test.Failer, messages []M) []json.RawMessage {
	written := make([]json.RawMessage, 0, len(messages))
	for _, each := range messages {
		text, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(each)
		if err != nil {
			t.Fatalf("%v", err)
		}
		written = append(written, text)
	}
	return written
}

// readManifests gives what admission takes, each as old as its place in the text, and the resources of Kubernetes.
func readManifests(t test.Failer, text string, said *answer) ([]config.Config, []crd.IstioKind) {
	var configs []config.Config
	var others []crd.IstioKind
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for i, document := range strings.Split("\n"+text, "\n---") {
		document = strings.TrimPrefix(document, "\n")
		if strings.TrimSpace(document) == "" {
			continue
		}
		read, other, err := crd.ParseInputs(document)
		if err != nil {
			said.Refused = append(said.Refused, refusalOf(document, err))
			continue
		}
		others = append(others, other...)
		for _, each := range read {
			if each.Namespace == "" {
				each.Namespace = "default"
			}
			// short names are completed with it
			each.Domain = "cluster.local"
			if each.CreationTimestamp.IsZero() {
				each.CreationTimestamp = begin.Add(time.Duration(i) * time.Minute)
			}
			if schema, ok := collections.Pilot.FindByGroupVersionAliasesKind(each.GroupVersionKind); ok {
				warning, err := schema.ValidateConfig(each)
				if err != nil {
					t.Fatalf("%v", err)
				}
				if warning != nil {
					said.Warned = append(said.Warned, refusal{each.GroupVersionKind.Kind, each.Namespace, each.Name, warning.Error()})
				}
			}
			configs = append(configs, each)
		}
	}
	configs = lastOfEach(configs)
	sort.SliceStable(configs, func(i, j int) bool {
		return configs[i].CreationTimestamp.Before(configs[j].CreationTimestamp)
	})
	return configs, others
}

// lastOfEach: what is written twice is applied twice, and stays as old as it was.
func lastOfEach(configs []config.Config) []config.Config {
	at := map[string]int{}
	var kept []config.Config
	for _, each := range configs {
		key := each.Key()
		i, known := at[key]
		if !known {
			at[key] = len(kept)
			kept = append(kept, each)
			continue
		}
		each.CreationTimestamp = kept[i].CreationTimestamp
		kept[i] = each
	}
	return kept
}

func refusalOf(document string, err error) refusal {
	object := crd.IstioKind{}
	_ = unmarshalYAML(document, &object)
	return refusal{object.Kind, object.Namespace, object.Name, err.Error()}
}

// gatewaySelectors are those of Gateway resources: each is a proxy of its own when no Deployment answers to it.
func gatewaySelectors(configs []config.Config) []selected {
	var found []selected
	for _, each := range configs {
		if each.GroupVersionKind == gvk.Gateway {
			found = append(found, selectorOf(each))
		}
	}
	return found
}
