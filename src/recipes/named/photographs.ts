// Photographs: AlexNet trained on ImageNet is taught another set by one image per class (Wang et al. 2018), and two cases
// that are not from the paper.
import { parseRecipe } from "../parse.ts";
import type { Recipe } from "../recipe.ts";

const augment = { resizedCrop: true, flip: true };

const cifar10 = { name: "cifar10", augment: { crop: 4, flip: true } };

const fromImageNet = {
  model: { name: "alexNet" },
  // torchvision's weights as a state_dict: python3 -c "import torchvision, safetensors.torch as s;
  // s.save_file(torchvision.models.alexnet(weights='DEFAULT').state_dict(), 'weights/alexnet.safetensors')"
  init: { kind: "pretrained", pool: "weights/alexnet.safetensors", freshLastLayer: true },
  method: { steps: 1, learningRate: 0.001 },
  outer: { epochs: 200, decayEvery: 30 },
  evaluate: { networks: 1, baselines: [] },
};

export const photographRecipes: readonly Recipe[] = [
  {
    ...fromImageNet,
    name: "voc-alexnet",
    summary: "Images that teach PASCAL VOC to one AlexNet trained on ImageNet",
    data: { name: "voc2007", size: 224, augment },
    paper: { accuracy: 70.75, text: "on the objects of PASCAL VOC 2007" },
  },
  {
    ...fromImageNet,
    name: "cub-alexnet",
    summary: "Images that teach 200 kinds of birds to one AlexNet trained on ImageNet",
    data: { name: "cub200", size: 224, augment },
    // The activations of one step on 200 photographs fit into WebAssembly's memory, those of three do not.
    method: { ...fromImageNet.method, memory: "recompute" },
    paper: { accuracy: 38.76, text: "on CUB-200-2011" },
  },
  {
    name: "cifar10-flowers5",
    summary: "Images that teach five kinds of flowers to one AlexCifarNet trained on CIFAR-10",
    data: { name: "flowers5", size: 32, augment: { crop: 4, flip: true } },
    model: { name: "alexCifarNet" },
    init: {
      kind: "pretrained",
      pool: "pools/cifar10-alexcifarnet/train/network-0000.safetensors",
      freshLastLayer: true,
      training: { data: cifar10, networks: 1, testNetworks: 0, epochs: 50, decayEvery: 7, learningRate: 1e-3 },
    },
    method: { steps: 1, learningRate: 0.001 },
    outer: { epochs: 200, decayEvery: 30 },
    evaluate: { networks: 1 },
  },
  {
    name: "hymenoptera-alexnet",
    summary: "Images that teach ants and bees to one randomly initialised AlexNet",
    data: { name: "hymenoptera", size: 224, augment },
    model: { name: "alexNet" },
    init: { kind: "fixed" },
    method: { steps: 1, learningRate: 0.001 },
    outer: { epochs: 200, decayEvery: 30 },
    evaluate: { networks: 1, baselines: [] },
  },
].map((recipe) => parseRecipe(recipe, recipe.name));
